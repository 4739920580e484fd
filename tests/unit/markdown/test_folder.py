"""Which files are which tasks, and what is said of those that are none (features G5)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tinyscheduler.adapters.markdown import MarkdownTaskServer
from tinyscheduler.adapters.markdown.guard import IDENTITY_FILE, UNKNOWN
from tinyscheduler.adapters.markdown.page import REMARKS
from tinyscheduler.adapters.markdown.shelf import Reader
from tinyscheduler.adapters.markdown.writing import FILE_BYTES_MAX
from tinyscheduler.errors import NotAssigned, ServerRefused, ServerUnavailable, TaskNotFound
from tinyscheduler.model.desk import NewLink, TaskDraft, TaskEdit, TaskQuery
from tinyscheduler.model.ids import AgentName, QueueName, TaskId

DEV = QueueName("dev")
ONE, TWO = TaskId("1"), TaskId("2")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "tasks"
    place.mkdir()
    return place


@pytest.fixture
def server(folder: Path) -> MarkdownTaskServer:
    return MarkdownTaskServer(str(folder))


def write(folder: Path, name: str, head: str = "queue: dev", body: str = "") -> Path:
    path = folder / name
    path.write_text(f"---\n{head}\n---\n{body}")
    return path


def seen(server: MarkdownTaskServer) -> tuple[list[str], list[str]]:
    """Ids of idle tasks, and what is wrong."""
    backlog = server.backlog([DEV], [], 100)
    return [task.id for task in backlog.tasks], [gap.why for gap in backlog.gaps]


def test_a_bad_file_is_named_with_its_line_and_the_others_work(
    folder: Path, server: MarkdownTaskServer
) -> None:
    write(folder, "1-good.md")
    write(folder, "2-bad.md", "queue: dev\nstatus: done")

    assert seen(server) == (["1"], ["2-bad.md: line 3: status done: write idle, working or complete"])
    assert server.update(ONE, status="working").status == "working"


def test_lists_in_lists_without_end_are_the_trouble_of_their_page(
    folder: Path, server: MarkdownTaskServer
) -> None:
    write(folder, "1-good.md")
    write(folder, "2-bad.md", f"queue: dev\ntags: {'[' * 5_000}")

    (good, (trouble,)) = seen(server)

    assert good == ["1"]
    assert trouble.startswith("2-bad.md: line 3: tags: [[[")
    assert trouble.endswith("write [one, two] in one line, with quotes round what is no name")


def test_a_merge_that_begins_above_the_front_matter_is_no_task_without_any(
    folder: Path, server: MarkdownTaskServer
) -> None:
    """It would be idle and nobody's, whatever it was on both sides."""
    text = "<<<<<<< HEAD\n---\nid: 2\nstatus: complete\n---\n=======\n---\nid: 2\n---\n>>>>>>> x\n"
    (folder / "2-b.md").write_text(text)
    (folder / "notes.md").write_text("<<<<<<< HEAD\nno task\n")

    assert seen(server) == (
        [], ["2-b.md: line 1: a merge has left its marks: choose one side, and take the marks out"]
    )  # fmt: skip
    with pytest.raises(ServerRefused, match="a merge has left its marks"):
        server.comment(TWO, "hi", "me")
    assert (folder / "2-b.md").read_text() == text


def test_what_nobody_can_read_is_missing_only_where_it_may_be(
    folder: Path, server: MarkdownTaskServer
) -> None:
    """A merge in one page held back every import and every schedule of the folder."""
    merge = "<<<<<<< HEAD\n---\ntags: ['import:plan.md']\ncreated_by: tinyscheduler\n---\n>>>>>>> x\n"
    (folder / "2-b.md").write_text(merge)
    (folder / "3-c.md").symlink_to("elsewhere.md")
    link = "3-c.md: it is a symbolic link: put the file itself there"

    def gaps(query: TaskQuery) -> list[str]:
        return [gap.partition(":")[0] for gap in server.find(query).gaps]

    assert server.find(TaskQuery(tags=("import:other.md",))).gaps == (link,)
    assert gaps(TaskQuery()) == ["2-b.md", "3-c.md"]
    assert gaps(TaskQuery(tags=("import:plan.md",))) == ["2-b.md", "3-c.md"]
    assert gaps(TaskQuery(created_by="tinyscheduler")) == ["2-b.md", "3-c.md"]
    assert gaps(TaskQuery(created_by="somebody")) == ["3-c.md"]
    assert gaps(TaskQuery(tags=("import:plan.md",), created_by="somebody")) == ["3-c.md"]


def test_the_number_that_somebody_waits_for_is_not_given_to_another(
    folder: Path, server: MarkdownTaskServer
) -> None:
    """Its file was removed."""
    write(folder, "1-one.md", "queue: dev\nblocked_by: 5")
    write(folder, "2-two.md", "queue: dev\nparent: 7")

    assert server.add(TaskDraft("next", "me")).id == "8"


def test_where_no_number_is_left_no_file_is_made(folder: Path, server: MarkdownTaskServer) -> None:
    """Nobody could read it, and each further one would be one more."""
    write(folder, "last.md", f"id: {'9' * 15}")

    with pytest.raises(ServerRefused, match="no number left"):
        server.add(TaskDraft("next", "me"))

    assert os.listdir(folder) == ["last.md"]


def test_the_name_of_a_file_forges_no_line(folder: Path, server: MarkdownTaskServer) -> None:
    write(folder, "1-\x1b[31mRED\nerror: all is lost\r.md", "status: xx")
    write(folder, "2-two.md")
    Path(os.fsdecode(os.fsencode(folder) + b"/2-\xff.md")).write_text("Text.\n")

    _, troubles = seen(server)

    nameless = "it has no id: begin its name with a number, like 12-title.md, or write id: 12"
    assert troubles == [
        r"1-\x1b[31mRED\nerror: all is lost\r.md: line 1: " + nameless,
        r"2-\udcff.md and 2-two.md: both are task 2: give one of them another number",
    ]
    with pytest.raises(ServerRefused) as caught:
        server.comment(ONE, "hi", "me")
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("priority", [1_234_567, 20_261_121, 2**53, -(2**53), 1234567.25, 0.1])
def test_a_priority_is_written_to_its_last_digit(
    folder: Path, server: MarkdownTaskServer, priority: float
) -> None:
    """Six digits make two dates one."""
    made = server.add(TaskDraft("a task", "me", priority=priority)).id
    added = MarkdownTaskServer(str(folder)).get(made).task.priority
    server.change(made, TaskEdit(priority=priority - 2))
    changed = MarkdownTaskServer(str(folder)).get(made).task.priority

    assert (added, changed) == (priority, priority - 2)


def test_a_look_for_tasks_says_which_files_it_could_not_read(
    folder: Path, server: MarkdownTaskServer
) -> None:
    """Whoever makes what is not there would make them a second time."""
    write(folder, "1-good.md")
    write(folder, "2-bad.md", "<<<<<<< HEAD")
    (folder / "3-bad.md").write_bytes(b"\xff")

    found = server.find(TaskQuery())

    assert [task.id for task in found.tasks] == [ONE]
    assert [gap.split(":")[0] for gap in found.gaps] == ["2-bad.md", "3-bad.md"]


def test_a_task_whose_file_cannot_be_read_is_not_missing(folder: Path, server: MarkdownTaskServer) -> None:
    """Missing would mean that it is over (law 4)."""
    write(folder, "2-bad.md", "status: done")

    with pytest.raises(ServerRefused, match=r"2-bad\.md: line 2"):
        server.get(TWO)
    with pytest.raises(TaskNotFound):
        server.get(ONE)


def test_while_nobody_knows_which_task_a_file_is_none_is_missing(
    folder: Path, server: MarkdownTaskServer
) -> None:
    write(folder, "fix.md", "status: idle")

    with pytest.raises(ServerRefused, match="has no id"):
        server.get(ONE)


def test_two_files_of_one_number_are_refused_with_both_names(
    folder: Path, server: MarkdownTaskServer
) -> None:
    """As a merge of two branches leaves them."""
    write(folder, "1-one.md")
    write(folder, "2-mine.md")
    write(folder, "other.md", "id: 2")

    assert seen(server) == (
        ["1"],
        ["2-mine.md and other.md: both are task 2: give one of them another number"],
    )
    with pytest.raises(ServerRefused, match="both are task 2"):
        server.update(TWO, status="working")


def test_a_file_may_get_another_name_once_it_was_worked_on(folder: Path, server: MarkdownTaskServer) -> None:
    path = write(folder, "1-one.md")
    before = server.update(ONE, status="working")

    path.rename(folder / "renamed.md")

    after = server.get(ONE).task
    assert after.page is not None
    assert after.page.name == "renamed.md"
    assert after._replace(title=before.title, page=before.page) == before


def test_a_file_keeps_the_time_at_which_it_was_first_known(folder: Path, server: MarkdownTaskServer) -> None:
    """By it a task is told from another one of the same number; a person saves the file at any time."""
    path = write(folder, "1-one.md")
    os.utime(path, (1_000_000, 1_000_000))
    first = server.get(ONE).task.created_at
    server.update(ONE, status="working")

    path.write_text(path.read_text() + "more\n")

    assert server.get(ONE).task.created_at == first


def test_links_devices_and_what_is_too_large_are_bounded(folder: Path, server: MarkdownTaskServer) -> None:
    (folder / "1-link.md").symlink_to("/etc/passwd")
    os.mkfifo(folder / "2-pipe.md")
    (folder / "3-folder.md").mkdir()
    (folder / "4-huge.md").write_bytes(b"a" * (FILE_BYTES_MAX + 1))
    (folder / "5-latin.md").write_bytes("gr\u00fc\u00dfe".encode("latin-1"))
    (folder / "6-nul.md").write_bytes(b"---\nqueue: dev\n---\n\0\0")
    (folder / ".7-hidden.md").write_text("x")
    (folder / "8-note.txt").write_text("x")

    ids, gaps = seen(server)

    assert ids == ["6"]
    assert [gap.partition(":")[0] for gap in gaps] == [
        "1-link.md",
        "2-pipe.md",
        "3-folder.md",
        "4-huge.md",
        "5-latin.md",
    ]
    assert "symbolic link" in gaps[0]
    assert "larger than" in gaps[3]
    assert "byte 2 is no UTF-8" in gaps[4]


def test_many_bad_files_are_counted(folder: Path, server: MarkdownTaskServer) -> None:
    for number in range(1, 30):
        write(folder, f"{number}.md", "status: done")

    _, gaps = seen(server)

    assert len(gaps) == 21
    assert gaps[-1] == "9 more files cannot be read"


def test_a_folder_that_is_not_there_is_unknown_and_not_empty(tmp_path: Path) -> None:
    server = MarkdownTaskServer(str(tmp_path / "none"))

    with pytest.raises(ServerUnavailable, match="No such file"):
        server.backlog([DEV], [], 10)
    with pytest.raises(ServerUnavailable):
        server.update(ONE, status="working")
    assert server.source == UNKNOWN
    assert not (tmp_path / "none").exists()


def test_only_who_may_write_gives_the_folder_its_identity(folder: Path) -> None:
    looking = MarkdownTaskServer(str(folder), is_read_only=True)

    assert (looking.source, os.listdir(folder)) == (UNKNOWN, [])
    named = MarkdownTaskServer(str(folder)).source
    assert MarkdownTaskServer(str(folder), is_read_only=True).source == named
    (folder / IDENTITY_FILE).write_text("../../etc\n")
    assert MarkdownTaskServer(str(folder)).source == UNKNOWN


def test_who_only_looks_writes_nothing(folder: Path) -> None:
    write(folder, "1-one.md")
    looking = MarkdownTaskServer(str(folder), is_read_only=True)

    with pytest.raises(ServerRefused):
        looking.update(ONE, status="working")
    assert looking.backlog([DEV], [], 10).tasks
    assert sorted(os.listdir(folder)) == ["1-one.md"]


def test_a_write_that_changes_nothing_leaves_the_file_alone(folder: Path, server: MarkdownTaskServer) -> None:
    path = write(folder, "1-one.md")
    before = path.stat()

    server.update(ONE, status="idle", queue=DEV)

    assert path.stat() == before


def test_rights_of_a_file_stay(folder: Path, server: MarkdownTaskServer) -> None:
    path = write(folder, "1-one.md")
    path.chmod(0o664)

    server.comment(ONE, "hello", "bob")

    assert path.stat().st_mode & 0o777 == 0o664
    assert sorted(os.listdir(folder)) == ["1-one.md"]


def test_a_new_task_is_a_file_that_people_recognise(folder: Path, server: MarkdownTaskServer) -> None:
    write(folder, "7-old.md")

    made = server.add(
        TaskDraft("Fix: ../../the \u00fcber parser!", "ann", "Please.", "dev", tags=("a", "b: c"))
    )

    assert made.id == "8"
    path = folder / "8-fix-the-uber-parser.md"
    assert path.read_text().splitlines() == [
        "---",
        "id: 8",
        'title: "Fix: ../../the \u00fcber parser!"',
        "status: idle",
        "queue: dev",
        "created_by: ann",
        'tags: ["a", "b: c"]',
        f"created_at: {made.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "---",
        "",
        "Please.",
    ]
    assert server.add(TaskDraft("\u4efb\u52a1", "ann")).id == "9"
    assert (folder / "9.md").exists()


def test_a_number_that_a_bad_file_claims_is_not_given_again(folder: Path, server: MarkdownTaskServer) -> None:
    write(folder, "41-bad.md", "status: done")

    assert server.add(TaskDraft("x", "ann")).id == "42"


def test_a_link_is_refused_with_the_name_of_the_file(folder: Path, server: MarkdownTaskServer) -> None:
    write(folder, "1-one.md")
    link = NewLink("https://example.org", "bob")

    with pytest.raises(ServerRefused) as caught:
        server.link(ONE, link)

    assert "1-one.md" in caught.value.hint
    assert server.history(ONE) is None
    with pytest.raises(TaskNotFound):
        server.link(TWO, link)


def test_a_new_text_stands_between_front_matter_and_comments(
    folder: Path, server: MarkdownTaskServer
) -> None:
    path = write(folder, "1-one.md", "write: src/a", "\n# The title\n\nOld text.\n")
    server.comment(ONE, "hello", "bob")
    before = server.get(ONE).task

    after = server.change(ONE, TaskEdit(description="New\n\ntext."))

    assert (before.title, after.title) == ("The title", "The title")
    assert after.description == "New\n\ntext."
    assert [comment.text for comment in server.get(ONE).comments] == ["hello"]
    assert "Old text." not in path.read_text()


def test_a_text_in_which_comments_would_begin_is_refused(folder: Path, server: MarkdownTaskServer) -> None:
    write(folder, "1-one.md")
    text = f"a\n{REMARKS}\nb"

    with pytest.raises(ServerRefused):
        server.change(ONE, TaskEdit(description=text))
    with pytest.raises(ServerRefused):
        server.add(TaskDraft("x", "ann", text))
    assert os.listdir(folder) == ["1-one.md"]


@pytest.mark.parametrize(
    "text",
    [
        "---\nwrite: src/a\nafter: [3]\n---\n\nText.",
        "---\nauthor: me\n---\n\nNothing to us.",
        "---\nwrite: x\ntitle: Not the file's\n---\n\nText.",
        "--- no fence\ntext",
        "---\nnever closed",
        "---",
        "",
        "write: src/a\n\nText.",
    ],
)
def test_a_description_is_read_as_it_was_given(folder: Path, server: MarkdownTaskServer, text: str) -> None:
    """Also with the hints that schedules and imports give."""
    made = server.add(TaskDraft("x", "ann", text))
    write(folder, "2-two.md", "read: old\nowner: me", "Old.\n")

    changed = server.change(TWO, TaskEdit(description=text))

    assert (made.description, changed.description) == (text, text)
    assert "owner: me" in (folder / "2-two.md").read_text()


@pytest.mark.parametrize("edit", [TaskEdit(parent=TaskId("9")), TaskEdit(blocked_by=TaskId("9"))])
def test_what_is_not_there_is_no_parent_and_no_blocker(
    folder: Path, server: MarkdownTaskServer, edit: TaskEdit
) -> None:
    write(folder, "1-one.md")

    with pytest.raises(ServerRefused, match="not found: 9"):
        server.change(ONE, edit)


def test_circles_are_refused_and_those_that_people_write_do_no_harm(
    folder: Path, server: MarkdownTaskServer
) -> None:
    write(folder, "1-one.md", "queue: dev\nblocked_by: 2\nparent: 2")
    write(folder, "2-two.md", "queue: dev\nparent: 1")

    with pytest.raises(ServerRefused, match="wait for each other"):
        server.change(TWO, TaskEdit(blocked_by=ONE))
    assert seen(server)[0] == ["1", "2"]


def test_a_blocker_that_is_not_there_blocks(folder: Path, server: MarkdownTaskServer) -> None:
    write(folder, "1-one.md", "queue: dev\nblocked_by: 9")

    assert server.get(ONE).task.is_blocked


def test_an_archived_child_says_nothing_of_its_parent(folder: Path, server: MarkdownTaskServer) -> None:
    """Whichever of its children is looked at first."""
    write(folder, "1-parent.md")
    gone = "queue: dev\nparent: 1\nstatus: complete\narchived_at: 2026-11-20T10:00:00Z"
    for number in (2, 4):
        write(folder, f"{number}-gone.md", gone)
    write(folder, "3-grandparent.md", "queue: dev\nparent: 1")
    write(folder, "5-below.md", "queue: dev\nparent: 3\nstatus: complete")

    assert server.get(TaskId("1")).task.status == "complete"

    write(folder, "6-below.md", "queue: dev\nparent: 3\nstatus: working")

    assert server.get(TaskId("1")).task.status == "working"


def test_a_deep_tree_of_parents_is_no_trouble(folder: Path, server: MarkdownTaskServer) -> None:
    for number in range(1, 1500):
        write(folder, f"{number}.md", f"queue: dev\nparent: {number + 1}")
    write(folder, "1500.md", "queue: dev\nstatus: idle")
    server.update(ONE, status="complete")

    assert server.get(TaskId("1500")).task.status == "complete"


def test_a_file_that_was_read_is_read_again_only_when_it_has_changed(folder: Path) -> None:
    path = write(folder, "1-one.md")
    reader = Reader(str(folder))

    first = reader.read().sheets[ONE]
    again = reader.read().sheets[ONE]
    write(folder, "1-one.md", "queue: qa")
    after = reader.read().sheets[ONE]

    assert again.comments is first.comments
    assert (first.task.queue, after.task.queue) == ("dev", "qa")
    assert path.exists()


def test_a_move_of_what_somebody_else_has_changes_nothing(folder: Path, server: MarkdownTaskServer) -> None:
    path = write(folder, "1-one.md", "assigned_to: sue")
    before = path.read_bytes()

    with pytest.raises(NotAssigned, match="currently assigned to: sue"):
        server.move(ONE, current=AgentName("bob"), new=AgentName("eve"), comment="mine")

    assert path.read_bytes() == before


def test_what_was_archived_is_in_no_list_and_still_there(folder: Path, server: MarkdownTaskServer) -> None:
    write(folder, "1-one.md")

    once, twice = server.archive(ONE), server.archive(ONE)

    assert once.archived_at is not None
    assert once == twice == server.get(ONE).task
    assert server.find(TaskQuery()).tasks == ()


def status_line(folder: Path, name: str) -> str:
    return next(line for line in (folder / name).read_text().split("\n") if line.startswith("status"))


def test_files_of_parents_say_how_they_stand(folder: Path, server: MarkdownTaskServer) -> None:
    """Whoever reads the folder (git, an editor, grep) asks nobody else."""
    epic = server.add(TaskDraft(title="epic", queue=DEV, created_by="alice"))
    story = server.add(TaskDraft(title="story", queue=DEV, created_by="alice", parent=epic.id))
    step = server.add(TaskDraft(title="step", queue=DEV, created_by="alice", parent=story.id))

    found = []
    for status in ("working", "complete", "idle", "complete"):
        server.update(step.id, status=status)
        found.append((status_line(folder, "1-epic.md"), status_line(folder, "2-story.md")))
    server.add(TaskDraft(title="one more", queue=DEV, created_by="alice", parent=epic.id))

    assert found == [(f"status: {word}",) * 2 for word in ("working", "complete", "idle", "complete")]
    assert (status_line(folder, "1-epic.md"), status_line(folder, "2-story.md")) == (
        "status: idle",
        "status: complete",
    )


def test_the_last_open_subtask_that_is_archived_completes_the_files_above(
    folder: Path, server: MarkdownTaskServer
) -> None:
    write(folder, "1-parent.md")
    write(folder, "2-done.md", "queue: dev\nparent: 1\nstatus: complete")
    write(folder, "3-open.md", "queue: dev\nparent: 1")

    server.archive(TaskId("3"))

    assert status_line(folder, "1-parent.md") == "status: complete"


def test_a_parent_whose_file_cannot_be_written_takes_nothing_back(
    folder: Path, server: MarkdownTaskServer
) -> None:
    """It is derived from its subtasks whatever its file says."""
    parent = write(folder, "1-parent.md", "queue: dev", "x" * (FILE_BYTES_MAX - 40))
    write(folder, "2-child.md", "queue: dev\nparent: 1")

    done = server.update(TWO, status="complete")

    assert (done.status, server.get(ONE).task.status) == ("complete", "complete")
    assert "status" not in parent.read_text()
