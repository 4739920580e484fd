"""``task import`` and ``report`` as people type them, against the store in process and against servers that
are like the public one and like its ancestor."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.task_server.serving import serving
from tests.integration.command_scenes import TWO_QUEUES
from tests.integration.commands import Answer, Installation, an_installation, rows
from tests.integration.stub_server import StubServer
from tests.waiting import wait_until

PLAN = """# Plan

- [ ] Build it
      With `care` and $HOME.
  - [x] Grammar
  - [ ] Lexer
- [ ] Test it
"""
UNSEEN_TEXT = (
    "tinyscheduler: note: 1 item with subtasks and text of their own (line 3): agents are given the number of"
    " that task and not the text; what they have to know belongs into the subtasks\n"
)
"""Parents never run."""
TITLES = ["Build it", "Grammar", "Lexer", "Test it"]


@pytest.fixture
def house(base: Path) -> Installation:
    made = an_installation(base, TWO_QUEUES)
    (base / "plan.md").write_text(PLAN)
    return made


def tasks_of(house: Installation, *flags: str) -> list[dict[str, object]]:
    return rows(house.call("task", "list", "--all", "--json", *flags).json()["tasks"])


def of_title(tasks: list[dict[str, object]], title: str) -> dict[str, object]:
    (found,) = [task for task in tasks if task["title"] == title]
    return found


def test_plan_becomes_tasks_and_is_imported_once(house: Installation) -> None:
    first = house.call("task", "import", "plan.md", "--queue", "dev", "--tag", "red", "--priority", "5")
    again = house.call("task", "import", "plan.md", "--queue", "dev")

    assert (first.code, first.err, again.code, again.err) == (0, UNSEEN_TEXT, 0, "")
    assert first.out == (
        "1  new    Build it\n2  done     Grammar\n3  new      Lexer\n4  new    Test it\n"
        "4 tasks made, 0 there already; all have the tag import:plan.md\n"
    )
    assert again.out.endswith("0 tasks made, 4 there already; all have the tag import:plan.md\n")
    tasks = tasks_of(house, "--tag", "import:plan.md", "--tag", "red")
    assert [task["title"] for task in tasks] == TITLES
    assert {(task["queue"], task["priority"], task["assigned_to"]) for task in tasks} == {("dev", 5, None)}
    assert of_title(tasks, "Build it")["description"] == "With `care` and $HOME."
    assert of_title(tasks, "Grammar")["status"] == "complete"
    assert {task["parent_id"] for task in tasks} == {None, 1}


def test_preview_shows_the_same_and_touches_nothing(house: Installation) -> None:
    before = house.picture()

    shown = house.well("task", "import", "plan.md", "--queue", "dev", "--dry-run")

    assert house.picture() == before
    assert shown.splitlines()[1] == "done     Grammar"
    assert shown.endswith("4 tasks would be made, 0 there already; all have the tag import:plan.md\n")
    told = house.call("task", "import", "plan.md", "--dry-run", "--json").json()
    assert (told["is_preview"], told["new"], told["there"]) == (True, 4, 0)


def test_items_that_nobody_would_start_are_told_of(house: Installation) -> None:
    """In the preview already; and a slip of the pen in the queue when they are made."""
    preview = house.call("task", "import", "plan.md", "--dry-run")
    slip = house.call("task", "import", "plan.md", "--queue", "devv")

    assert preview.code == 0
    assert "2 items without queue and agent would never start: give --queue NAME" in preview.err
    assert slip.err.startswith(UNSEEN_TEXT)
    [line] = slip.err.removeprefix(UNSEEN_TEXT).splitlines()
    assert "did you mean dev?" in line


def test_items_that_nobody_starts_are_named_by_their_ids(house: Installation) -> None:
    """The others of the import stay where they are."""
    (house.base / "list.json").write_text('[{"title": "a"}, {"title": "b", "queue": "dev"}, {"title": "c"}]')

    answer = house.call("task", "import", "list.json")

    assert answer.err.endswith("2 items without queue and agent never start: task update 1 3 --queue NAME\n")


def test_plan_of_which_all_is_done_leaves_nothing_open(house: Installation) -> None:
    (house.base / "done.md").write_text("- [x] a\n")
    house.well("task", "add", "whole", "--queue", "dev")

    made = house.well("task", "import", "done.md", "--open-only", "--parent", "1")

    assert made == "0 tasks made, 0 there already; all have the tag import:done.md@1\n"


def test_what_was_added_to_the_file_is_added(house: Installation) -> None:
    house.well("task", "import", "plan.md", "--queue", "dev")
    (house.base / "plan.md").write_text(PLAN.replace("  - [ ] Lexer", "  - [ ] New one\n  - [x] Lexer"))

    added = house.well("task", "import", "plan.md", "--queue", "dev", "-q")

    assert added == "5\n"
    tasks = tasks_of(house)
    assert of_title(tasks, "New one")["parent_id"] == 1
    assert of_title(tasks, "Lexer")["status"] == "idle", "what is there is left as it is"


def test_box_that_was_ticked_since_is_told(house: Installation) -> None:
    """The task is left as it is, and an agent would do it once more."""
    house.well("task", "import", "plan.md", "--queue", "dev")
    house.well("task", "done", "3")
    (house.base / "plan.md").write_text(PLAN.replace("[ ]", "[x]"))

    again = house.call("task", "import", "plan.md", "--queue", "dev")

    assert again.code == 0
    assert again.err.startswith(
        "tinyscheduler: note: 1 item done in the file and open here: tinyscheduler task done 4 ("
    )


@pytest.mark.parametrize("flags", [(), ("--format", "github"), ("--dry-run",)])
def test_empty_list_of_a_program_is_nothing_to_do(house: Installation, flags: tuple[str, ...]) -> None:
    """``gh issue list`` on a good day; a nightly import must not fail then."""
    answer = house.call("task", "import", "-", "--queue", "dev", *flags, stdin="[]")

    made = "would be made" if "--dry-run" in flags else "made"
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.strip() == f"0 tasks {made}, 0 there already; all have the tag import:stdin"


def test_flags_choose_what_is_made_and_where(house: Installation) -> None:
    house.well("task", "add", "whole", "--queue", "qa")

    house.well("task", "import", "plan.md", "--parent", "1", "--open-only", "--in-order", "--assign", "qa-1")

    tasks = tasks_of(house, "--tag", "import:plan.md@1")
    build, lexer, test = (of_title(tasks, title) for title in ("Build it", "Lexer", "Test it"))
    assert len(tasks) == 3
    assert (build["parent_id"], build["queue"], build["assigned_to"]) == (1, "qa", "qa-1")
    assert (lexer["blocked_by"], test["blocked_by"]) == (None, lexer["id"])


def test_same_list_below_two_tasks_is_two_lists(house: Installation) -> None:
    house.well("task", "add", "--lines", "--queue", "dev", stdin="a\nb\n")

    for parent in ("1", "2"):
        house.well("task", "import", "plan.md", "--parent", parent)

    assert len(tasks_of(house)) == 10


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("bad.md",), 2, "bad.md: line 2: '- [] b' is nearly an item"),
        (("bad.json",), 2, "bad.json: line 1: it is not JSON"),
        (("none.md",), 2, "cannot read none.md: No such file"),
        (("plan.md", "--parent", "99"), 4, "Task not found: 99"),
        (("plan.md", "--parent", "4"), 2, "6 levels deep below task 4"),
        (("plan.md", "--queue", "a b"), 2, "is not a name"),
        (("plan.md", *["--tag", "x"] * 91), 2, "line 3: with 91 by --tag"),
        (("plan.md", "--tag", "import:other"), 2, "is what an import gives itself (--source NAME"),
        (("plan.md", "--format", "json"), 2, "plan.md: line 1: it is not JSON"),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_made(
    house: Installation, arguments: tuple[str, ...], code: int, words: str
) -> None:
    (house.base / "bad.md").write_text("- [ ] a\n- [] b\n")
    (house.base / "bad.json").write_text('{"tasks": [}')
    (house.base / "deep.md").write_text("- [ ] 1\n - [ ] 2\n  - [ ] 3\n   - [ ] 4\n")
    house.well("task", "import", "deep.md", "--queue", "dev")

    answer = house.call("task", "import", *arguments)

    assert (answer.code, answer.out) == (code, "")
    assert words in answer.err
    assert len(answer.err.splitlines()) == 1
    assert len(tasks_of(house)) == 4


def test_what_a_shell_hands_over_is_one_source_whatever_its_number(house: Installation) -> None:
    """``import <(...)``: its name is /dev/fd/63 today."""
    with (house.base / "plan.md").open("rb") as plan:
        done = subprocess.run(
            house.argv("task", "import", f"/dev/fd/{plan.fileno()}", "--queue", "dev"),
            env=house.environment(), cwd=house.base, pass_fds=[plan.fileno()], capture_output=True, text=True,
            timeout=30, check=False,
        )  # fmt: skip

    assert done.stdout.endswith("all have the tag import:stdin\n")


def test_two_plans_of_one_name_are_told(house: Installation) -> None:
    """They share their tag, and an item of one title would be the same task."""
    (house.base / "other").mkdir()
    (house.base / "other" / "plan.md").write_text("- [ ] Something else\n- [ ] And more\n")
    house.call("task", "import", "other/plan.md", "--queue", "dev")
    told = "2 open tasks with the tag import:plan.md not in this file: 1, 2; where that is another plan"

    seen = house.call("task", "import", "plan.md", "--queue", "dev", "--dry-run")
    made = house.call("task", "import", "plan.md", "--queue", "dev")
    named = house.call("task", "import", "plan.md", "--queue", "dev", "--source", "mine")
    house.call("task", "done", "1", "2")
    again = house.call("task", "import", "plan.md", "--queue", "dev")

    assert told in seen.err
    assert told in made.err
    assert (named.err, again.err) == (UNSEEN_TEXT, "")


def test_full_store_breaks_it_off_and_more_room_ends_it(house: Installation) -> None:
    (house.base / ".env").write_text("TINYSCHEDULER_MAX_QUEUE_DEPTH=2\n")
    full = house.call("task", "import", "plan.md", "--queue", "dev")
    told = house.call("task", "import", "plan.md", "--queue", "dev", "--json")
    (house.base / ".env").write_text("")
    rest = house.call("task", "import", "plan.md", "--queue", "dev")

    assert (full.code, told.code, told.err, rest.code) == (4, 4, "", 0)
    assert "line 6: " in full.err
    assert "2 of 4 items are tasks now" in full.err
    assert "the same command makes the rest" in full.err
    assert isinstance(told.json()["error"], dict)
    assert "2 tasks made, 2 there already" in rest.out
    assert [task["title"] for task in tasks_of(house)] == TITLES


@pytest.mark.parametrize(
    ("number", "told"),
    [(signal.SIGKILL, ""), (signal.SIGINT, " of 1000 items are tasks now; the same command")],
)
def test_import_that_is_broken_off_is_done_again_without_doubles(
    house: Installation, number: signal.Signals, told: str
) -> None:
    """In the middle of a thousand items; whoever presses Ctrl+C hears how far it has come."""
    (house.base / "long.md").write_text("".join(f"- [ ] item {number}\n" for number in range(1000)))
    begun = subprocess.Popen(
        house.argv("task", "import", "long.md", "--queue", "dev"),
        env=house.environment(), cwd=house.base, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        wait_until(lambda: len(house.call("task", "list", "-q", "--limit", "2000").out.split()) > 20)
    finally:
        os.kill(begun.pid, number)
        _, complaint = begun.communicate(timeout=20)
    assert told in complaint

    answer = house.call("task", "import", "long.md", "--queue", "dev")

    assert answer.code == 0
    titles = [str(task["title"]) for task in tasks_of(house, "--limit", "2000")]
    assert sorted(titles) == sorted(f"item {number}" for number in range(1000))


# --- from one server to another ---


@pytest.fixture(params=["public", "sse", "serve"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Another server, that has no tasks yet."""
    if request.param == "serve":
        (tmp_path / "server").mkdir()
        with serving(tmp_path / "server") as server:
            yield server.endpoint
    else:
        with StubServer(request.param) as stub:
            yield stub.url


def test_tasks_move_from_our_store_to_another_server(house: Installation, url: str) -> None:
    """With what hangs together, and a second time without doubles."""
    house.well("task", "add", "--lines", "--queue", "qa", stdin="other\n")
    house.well("task", "import", "plan.md", "--queue", "dev")
    house.well("task", "update", "5", "--blocked-by", "4", "--tag", "after:1")
    listed = house.well("task", "list", "--all", "--json")

    first = house.call("task", "import", "-", "--source", "old", "--mcp-endpoint", url, stdin=listed)
    again = house.call("task", "import", "-", "--source", "old", "--mcp-endpoint", url, stdin=listed)

    assert (first.code, again.code) == (0, 0), (first, again)
    assert "0 tasks made, 5 there already" in again.out
    there = tasks_of(house, "--mcp-endpoint", url)
    by_title = {str(task["title"]): task for task in there}
    assert sorted(by_title) == sorted(["other", *TITLES])
    assert by_title["Grammar"]["status"] == "complete"
    assert by_title["Lexer"]["parent_id"] == by_title["Build it"]["id"]
    assert by_title["Test it"]["blocked_by"] == by_title["Lexer"]["id"]
    assert f"after:{by_title['other']['id']}" in str(by_title["Test it"]["tags"])
    assert {task["assigned_to"] for task in there} == {None}


def test_issues_become_tasks(house: Installation, url: str) -> None:
    issues = [
        {"number": 7, "title": "It breaks", "body": "---\nrecipe: x\n---\n", "labels": [{"name": "bug"}],
         "state": "OPEN", "url": "https://github.com/o/r/issues/7"},
        {"number": 6, "title": "It broke", "body": "", "labels": [], "state": "CLOSED",
         "url": "https://github.com/o/r/issues/6"},
    ]  # fmt: skip

    house.well("task", "import", "-", "--queue", "dev", "--mcp-endpoint", url, stdin=json.dumps(issues))

    tasks = tasks_of(house, "--mcp-endpoint", url)
    assert {str(task["title"]): task["status"] for task in tasks} == {
        "It breaks": "idle",
        "It broke": "complete",
    }
    assert "bug" in str(of_title(tasks, "It breaks")["tags"])
    assert str(of_title(tasks, "It breaks")["description"]).startswith("https://github.com/")


def test_older_server_gets_no_task_out_of_its_place(house: Installation) -> None:
    """It knows neither subtasks nor queues: better one clear word than forty tasks at its top."""
    with StubServer("old") as stub:
        answer = house.call("task", "import", "plan.md", "--assign", "dev-1", "--mcp-endpoint", stub.url)

    assert answer.code == 4
    assert len(answer.err.splitlines()) == 1


# --- report ---


def test_report_counts_what_there_is(house: Installation) -> None:
    house.well("task", "import", "plan.md", "--queue", "dev")
    house.well("task", "add", "=1+1", "--queue", "qa", "--assign", "qa-1", "--priority", "10")
    house.well("task", "comment", "5", "hello")

    told = house.call("report", "--json").json()
    dev = house.call("report", "--format", "json", "--queue", "dev").json()
    table = list(csv.DictReader(io.StringIO(house.well("report", "--format", "csv", "--all"))))

    summary = told["summary"]
    assert isinstance(summary, dict)
    assert (summary["open"], summary["complete"]) == (4, 1)
    assert [row["band"] for row in rows(told["priorities"]) if row["open"]] == ["critical", "normal"]
    assert len(rows(dev["tasks"])) == 3
    assert (table[0]["title"], table[0]["comments"], len(table)) == ("'=1+1", "1", 5)
    assert "## Priorities" in house.well("report", "--format", "markdown")
    assert "COMMENTS" in house.well("report")
    assert house.call("report", "--json", "--format", "csv").code == 2


def test_report_of_a_queue_that_nobody_uses_says_so(house: Installation) -> None:
    house.well("task", "add", "a task", "--queue", "dev")

    answer = house.call("report", "--queue", "nope", "--queue", "dev", "--json")

    assert (answer.code, answer.err) == (0, "tinyscheduler: note: no task is in queue 'nope'\n")
    assert [row["id"] for row in rows(answer.json()["tasks"])] == [1]


def test_report_of_a_public_server_asks_the_same_number_of_questions_for_any_number_of_tasks(
    house: Installation,
) -> None:
    """And says that nobody has counted the comments."""
    asked = []
    with StubServer("public") as stub:
        for lines in ("a\n" * 3, "b\n" * 40):
            house.well("task", "add", "--lines", "--queue", "dev", "--mcp-endpoint", stub.url, stdin=lines)
            before = len(stub.tools)
            answer: Answer = house.call("report", "--mcp-endpoint", stub.url)
            asked.append(stub.tools[before:].count("list_tasks"))

    assert asked == [1, 1]
    assert "so they are not counted" in answer.err
    assert "COMMENTS" not in answer.out


def test_report_reads_only(house: Installation) -> None:
    house.well("task", "import", "plan.md", "--queue", "dev")
    before = house.picture()

    house.well("report")

    assert house.picture() == before


def test_two_imports_at_once_make_everything_once(house: Installation) -> None:
    (house.base / "long.md").write_text("".join(f"- [ ] item {number}\n" for number in range(40)))
    argv = ["task", "import", "long.md", "--queue", "dev"]

    racers = [house.start(*argv) for _ in range(3)]
    said = [racer.communicate(timeout=50) for racer in racers]

    assert [racer.returncode for racer in racers] == [0, 0, 0], said
    assert [task["title"] for task in tasks_of(house)] == [f"item {number}" for number in range(40)]


# --- what nobody can read ------------------------------------------------------------------------


@pytest.fixture
def spoilt(house: Installation) -> Path:
    """A task folder with the plan in it, and a merge in the file of one of its items."""
    folder = house.base / "tasks"
    folder.mkdir()
    with (house.base / ".env").open("a") as env:
        env.write(f"TINYSCHEDULER_TASK_FOLDER={folder}\n")
    house.well("task", "import", "plan.md", "--queue", "dev")
    (page,) = folder.glob("*-test-it.md")
    page.write_text(f"<<<<<<< HEAD\n{page.read_text()}=======\n>>>>>>> theirs\n")
    return page


@pytest.mark.parametrize("flags", [(), ("--dry-run",)])
def test_item_that_nobody_can_read_is_not_made_again(
    house: Installation, spoilt: Path, flags: tuple[str, ...]
) -> None:
    """It may run at this moment, or be complete (law 4)."""
    names = {path.name for path in spoilt.parent.iterdir()}

    answer = house.call("task", "import", "plan.md", "--queue", "dev", *flags)

    assert (answer.code, answer.out) == (3, "")
    assert f"{spoilt.name}: line 1: a merge has left its marks" in answer.err
    assert "1 item of the file may be there all the same, so nothing is made" in answer.err
    assert {path.name for path in spoilt.parent.iterdir()} == names


def test_another_plan_is_made_beside_a_page_that_nobody_can_read(house: Installation, spoilt: Path) -> None:
    (house.base / "other.md").write_text("- [ ] Something else\n")

    answer = house.call("task", "import", "other.md", "--queue", "dev")

    assert answer.code == 0
    assert "1 task made" in answer.out
    assert len(list(spoilt.parent.glob("*-something-else.md"))) == 1


def test_what_is_there_is_told_whatever_else_cannot_be_read(house: Installation, spoilt: Path) -> None:
    (spoilt.parent / "90-other.md").write_text("---\nstatus: xx\n---\n")
    spoilt.write_text(spoilt.read_text().removeprefix("<<<<<<< HEAD\n").partition("=======")[0])

    again = house.call("task", "import", "plan.md", "--queue", "dev")

    assert (again.code, again.err) == (0, "")
    assert "0 tasks made, 4 there already" in again.out


@pytest.mark.parametrize("command", [("task", "list", "--all"), ("report",), ("task", "list", "-q")])
def test_lists_say_what_is_left_out_of_them(
    house: Installation, spoilt: Path, command: tuple[str, ...]
) -> None:
    answer = house.call(*command)

    assert answer.code == 3
    assert answer.err.startswith(
        f"tinyscheduler: left out: {spoilt.name}: line 1: a merge has left its marks"
    )


@pytest.mark.parametrize("command", [("task", "list", "--all"), ("report",)])
def test_programs_are_told_what_is_left_out(
    house: Installation, spoilt: Path, command: tuple[str, ...]
) -> None:
    answer = house.call(*command, "--json")

    gaps = answer.json()["gaps"]
    assert isinstance(gaps, list)
    assert (answer.code, answer.json()["exit"]) == (3, 3)
    assert [gap.partition(": a merge")[0] for gap in gaps] == [f"{spoilt.name}: line 1"]


def test_a_task_is_shown_with_what_may_be_missing_below_it(house: Installation, spoilt: Path) -> None:
    """Nobody knows whose subtask it is that cannot be read."""
    readable = house.call("task", "list", "--all", "-q").out.split()[0]

    answer = house.call("task", "show", readable)
    as_json = house.call("task", "show", readable, "--json")

    assert answer.code == as_json.code == 3
    assert answer.out.startswith(f"task {readable}")
    assert answer.err.startswith(f"tinyscheduler: left out: of subtasks: {spoilt.name}: line 1")
    assert str(as_json.json()["gaps"]).count(spoilt.name) == 1
