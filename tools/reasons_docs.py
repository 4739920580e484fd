"""Write the table of held reasons into docs/reasons.md, from ``planner.rules``.

Usage: .venv-dev/bin/python tools/reasons_docs.py [--check]. A test runs it with --check, which writes
nothing and ends with 1 when the page is not what this makes.
"""

import sys
from pathlib import Path

from made_part import put
from tinyscheduler.planner.rule import Asked, Rule
from tinyscheduler.planner.rules import RULES

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reasons.md"

ASKED: dict[Asked, str] = {
    "looking": "while looking",
    "task": "first",
    "turn": "at its turn",
    "both": "first, and at its turn",
    "starting": "at the start",
}


def main(flags: list[str]) -> int:
    """Write the table, or tell whether it is current."""
    return put(PAGE, table(), tool="reasons_docs.py", flags=flags)


def table() -> str:
    """Return the table, one row for each rule in the order in which they are asked."""
    rows: list[tuple[str, ...]] = [
        ("reason", "it means", "what ends it by itself", "lever", "asked", "today")
    ]
    rows.append(tuple("---" for _ in rows[0]))
    rows += [
        (f"`{rule.reason}`", rule.condition, rule.releases, rule.lever, ASKED[rule.asked], today(rule))
        for rule in RULES
    ]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def today(rule: Rule) -> str:
    """Return whether anybody gives it yet: who does has words for what a person can do."""
    return "-" if rule.find is None and rule.lever == "-" else "yes"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
