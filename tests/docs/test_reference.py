"""The reference pages name everything the code has, in its words, and nothing it has not."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from tests.docs.pages import read, rows_of, section, ticked
from tinyscheduler import errors
from tinyscheduler.cli.app import COMMANDS
from tinyscheduler.config.flags import SETTING_FLAGS
from tinyscheduler.model.event import EventName
from tinyscheduler.model.lease import LeaseState, OutcomeClass
from tinyscheduler.model.reason import HeldReason
from tinyscheduler.planner.retry import COSTS, Cost
from tinyscheduler.planner.rules import RULES
from tinyscheduler.reconcile import report


def table(repo_root: Path, title: str) -> list[list[str]]:
    return rows_of(section(read(repo_root / "docs" / "reasons.md"), title))


def words_in(place: Path) -> Iterator[str]:
    """Every text in a module, or in all below a folder."""
    for path in place.rglob("*.py") if place.is_dir() else (place,):
        for node in ast.walk(ast.parse(read(path))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def given_today(repo_root: Path, *places: str) -> set[str]:
    source = repo_root / "src" / "tinyscheduler"
    return {word for place in places for word in words_in(source / place)}


def test_every_held_reason_is_listed_in_the_order_in_which_it_is_asked(repo_root: Path) -> None:
    assert [ticked(row[0])[0] for row in table(repo_root, "Held reasons")] == list(get_args(HeldReason))


def test_table_of_reasons_is_made_from_the_rules(repo_root: Path) -> None:
    checked = subprocess.run(
        [sys.executable, repo_root / "tools" / "reasons_docs.py", "--check"],
        env={"PYTHONPATH": str(repo_root / "src")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, f"run .venv-dev/bin/python tools/reasons_docs.py\n{checked.stderr}"


def test_reasons_that_no_plan_gives_are_given_by_those_who_look_and_start(repo_root: Path) -> None:
    given = given_today(repo_root, "planner/explain.py", "reconcile")

    for rule in RULES:
        if rule.find is None:
            assert (rule.lever != "-") == (rule.reason in given), rule.reason


def test_every_outcome_is_listed_with_what_it_costs(repo_root: Path) -> None:
    rows = table(repo_root, "Outcomes")

    assert [ticked(row[0])[0] for row in rows] == list(get_args(OutcomeClass))
    for row in rows:
        cost = COSTS[next(kind for kind in COSTS if f"`{kind}`" == row[0])]
        assert (row[2], row[3]) == (cost_in_words(row[0], cost), cost.delay)


def cost_in_words(kind: str, cost: Cost) -> str:
    if cost.free_in_a_row is not None:
        ending = {3: "3rd"}.get(cost.free_in_a_row, f"{cost.free_in_a_row}th")
        return f"no, but every {ending} in a row"
    words = "yes" if cost.is_spent else "no"
    if cost.parks:
        words += ", parks"
    return words + (", clears the count" if kind == "`succeeded`" else "")


def test_outcomes_that_happen_today_are_marked(repo_root: Path) -> None:
    given = given_today(repo_root, "wrapper", "reconcile") | {"lost", "timed_out", "interrupted"}
    given |= {"succeeded", "partial", "failed"}  # By the agent's own word: model.result.

    for row in table(repo_root, "Outcomes"):
        assert (row[4] == "yes") == (ticked(row[0])[0] in given), row[0]


def test_every_event_is_listed_and_those_of_today_are_marked(repo_root: Path) -> None:
    rows = table(repo_root, "Events")
    given = given_today(repo_root, "reconcile", "adapters")

    assert [ticked(row[0])[0] for row in rows] == list(get_args(EventName))
    for row in rows:
        assert (row[2] == "yes") == (ticked(row[0])[0] in given), row[0]


def test_every_exit_code_is_listed_with_its_errors(repo_root: Path) -> None:
    rows = {int(row[0]): ticked(row[2]) for row in table(repo_root, "Exit codes")}
    of_code: dict[int, set[str]] = {}
    for error in errors_below(errors.TinySchedulerError):
        if "reference" in vars(error):
            of_code.setdefault(error.exit_code, set()).add(error.reference)
    of_code[1] |= references_of_trouble(repo_root)

    assert {report.EXIT_OK, report.EXIT_FAILED, report.EXIT_SERVER, report.EXIT_LOCKED} <= set(rows)
    assert sorted(rows) == [0, 1, 2, 3, 4, 5, 75, 130]
    assert {code: set(words) for code, words in rows.items() if words} == of_code


def errors_below(root: type[errors.TinySchedulerError]) -> Iterator[type[errors.TinySchedulerError]]:
    for child in root.__subclasses__():
        yield child
        yield from errors_below(child)


def references_of_trouble(repo_root: Path) -> set[str]:
    """What ``Report.trouble`` is called with."""
    return {
        keyword.value.value
        for path in (repo_root / "src" / "tinyscheduler" / "reconcile").glob("*.py")
        for node in ast.walk(ast.parse(read(path)))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "reference" and isinstance(keyword.value, ast.Constant)
        if isinstance(keyword.value.value, str)
    }


def test_every_state_of_a_lease_is_in_the_picture(repo_root: Path) -> None:
    drawn = section(read(repo_root / "docs" / "architecture.md"), "Life of a lease")

    for state in get_args(LeaseState):
        assert f" {state}: " in drawn


def test_every_command_and_flag_is_on_the_page_of_commands(repo_root: Path) -> None:
    page = read(repo_root / "docs" / "cli.md")

    for command in COMMANDS:
        assert f"\n## {command.name}\n" in page
    for flag in SETTING_FLAGS:
        assert f"  {flag.flag}" in page


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="argparse words its help differently from 3.13 on")
def test_page_of_commands_is_what_help_prints(repo_root: Path) -> None:
    checked = subprocess.run(
        [sys.executable, repo_root / "tools" / "cli_docs.py", "--check"],
        env={"PYTHONPATH": str(repo_root / "src")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, f"run .venv-dev/bin/python tools/cli_docs.py\n{checked.stderr}"
