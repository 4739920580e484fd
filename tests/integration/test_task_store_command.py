"""``task check`` and ``task backup`` as they are typed."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.integration.commands import an_agent, an_installation


def test_a_store_is_looked_at_and_copied(base: Path) -> None:
    house = an_installation(base, [an_agent("dev-1", slots=0)])
    house.well("task", "add", "first", "--queue", "dev")

    checked = house.call("task", "check")
    copied = house.call("task", "backup", str(base / "copy.db"))
    again = house.call("task", "backup", str(base / "copy.db"))

    assert (checked.code, checked.err) == (0, "")
    assert "nothing is wrong" in checked.out
    assert copied.code == 0
    with closing(sqlite3.connect(base / "copy.db")) as connection:
        assert connection.execute("SELECT title FROM tasks").fetchall() == [("first",)]
    assert (again.code, "is there already" in again.err) == (4, True)


def test_faults_are_lines_and_exit_1(base: Path) -> None:
    house = an_installation(base, [an_agent("dev-1", slots=0)])
    house.well("task", "add", "first", "--queue", "dev")
    with closing(sqlite3.connect(base / "state" / "tasks.db")) as connection:
        connection.execute("UPDATE tasks SET created_at = 'x'")
        connection.commit()

    found = house.call("task", "check")

    assert (found.code, found.out) == (1, "task 1 has values that this program does not write\n")
    assert house.call("task", "check", "--json").json()["faults"] == [found.out.strip()]


def test_of_another_server_there_is_nothing_to_look_after_here(base: Path) -> None:
    house = an_installation(base, [an_agent("dev-1", slots=0)])

    for arguments in (("check",), ("backup", "copy.db")):
        found = house.call("task", *arguments, "--mcp-endpoint", "http://127.0.0.1:1/mcp")
        assert found.code == 4
        assert "not in a store of this program's own" in found.err
    assert not (base / "copy.db").exists()


def test_whose_server_may_be_our_own_is_told_how_to_reach_the_file(base: Path) -> None:
    """README has .env name our own serve, which works over state/tasks.db."""
    house = an_installation(base, [an_agent("dev-1", slots=0)])
    house.well("task", "add", "first", "--queue", "dev")

    found = house.call("task", "check", "--mcp-endpoint", "http://127.0.0.1:1/mcp")

    assert (found.code, "add --mcp-endpoint embedded" in found.err) == (4, True)
    assert str(base / "state" / "tasks.db") in found.err


def test_without_a_store_there_is_one_line(base: Path) -> None:
    house = an_installation(base, [an_agent("dev-1", slots=0)])

    found = house.call("task", "check")

    assert (found.code, found.out, found.err.count("\n")) == (1, "", 1)
    assert "is not there" in found.err
