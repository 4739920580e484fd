"""``TASK_FOLDER``: a folder of Markdown files as the task server (features G5)."""


def test_a_task_folder_starts_at_the_base_folder(desk):
    desk.write(".env", "TINYSCHEDULER_TASK_FOLDER=tasks\n")

    connection = desk.load().connection

    assert (connection.folder, connection.endpoint) == (desk.path("tasks"), None)
    assert connection.name == desk.path("tasks")
    assert desk.load().connection == connection, "also from the cache"


def test_a_task_folder_and_a_task_server_are_one_too_many(desk):
    desk.write(".env", "TINYSCHEDULER_TASK_FOLDER=tasks\nTINYSCHEDULER_MCP_ENDPOINT=http://127.0.0.1:3000\n")

    (fault,) = desk.faults()

    assert fault.field == "TINYSCHEDULER_TASK_FOLDER"
    assert "there is one task server" in fault.message


def test_a_secret_does_nothing_with_a_folder(desk):
    desk.write(".env", "TINYSCHEDULER_TASK_FOLDER=tasks\nTINYSCHEDULER_MCP_TOKEN_FILE=token\n")
    desk.write("token", "x")

    assert any("do nothing with a folder of tasks" in note for note in desk.load().notes)
