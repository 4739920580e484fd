"""Switch off the planner's rules one by one and see that a test notices each (``make mutants``).

    python tools/mutants.py [WORD ...]      only rules whose name has one of the words

A copy of the tree gets one line more at the end of the module that has the table: the row stays where it is,
and never holds. So no test can notice by counting rows. Prints a table; exit status 1 if one has survived.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from tinyscheduler.planner import able, broken, life, rules

ROOT = Path(__file__).resolve().parents[1]
PLANNER = "src/tinyscheduler/planner"
STAGES = (
    tuple(f"tests/unit/planner/test_{name}.py" for name in ("holds", "choice", "tend", "broken")),
    ("tests/unit/planner",),
    ("tests/laws", "tests/unit/reconcile"),
)
"""The quickest first: one example for each row kills nearly all, in seconds."""
PYTEST = ("-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", "--hypothesis-profile", "thorough")
TIMEOUT_S = 900
COPIED = ("src", "tests", "pyproject.toml", "examples", "docs", "tools", "README.md", "Makefile")


SWITCHED_OFF = (
    ("gates", "_pause_gate", "None"),
    ("gates", "_account_gate", "None"),
    ("gates", "_quarantine_gate", "None"),
    ("gates", "_hours_gate", "None"),
    ("explain", "_gap", "None"),
    ("bands", "aged", "_[0]"),
    ("ranking", "_blocks", "{}"),
    ("view", "cooling", "NOBODY"),
    ("view", "failed_to_start", "NOBODY"),
    ("view", "_relieved", "{}"),
    ("starvation", "relief", "_[2]"),
    ("starvation", "gets_one_more_slot", "False"),
    ("holdings", "_reserved", "None"),
    ("kept", "kept_for", "None"),
    ("start", "_is_overdue", "False"),
    ("need_holds", "_path_kept", "None"),
    ("families", "open_subtasks", "{}"),
    ("depth", "depth_of", "None"),
    ("depth", "stretch_of", "1.0"),
    ("pressure", "busy", "None"),
    ("line", "round_of", "()"),
    ("inversion", "inversions", "()"),
)
"""Rules that are functions and no rows: module, name, and what each says when there is no such rule."""


class Mutant(NamedTuple):
    """One row that is switched off."""

    name: str
    module: str
    """Below the planner, without its ending."""
    line: str
    """What does it, at the end of the module."""


def main() -> int:
    """Try all of them, or those that were named."""
    words = sys.argv[1:]
    chosen = [one for one in mutants() if not words or any(word in one.name for word in words)]
    survivors = 0
    with tempfile.TemporaryDirectory(prefix="tinyscheduler-mutants-") as folder:
        tree = Path(folder)
        copy_to(tree)
        trouble = _failing(tree, tuple(test for stage in STAGES[1:] for test in stage))
        if trouble is not None:
            print(f"{trouble} fails without any mutant: mend it first")
            return 1
        for mutant in chosen:
            began = time.monotonic()
            killer = kill(mutant, tree)
            survivors += killer is None
            took_s = time.monotonic() - began
            print(f"{mutant.name:<40} {killer or 'SURVIVED':<90} {took_s:6.1f} s", flush=True)
    print(f"{len(chosen)} mutants, {survivors} survived")
    return 1 if survivors else 0


def mutants() -> list[Mutant]:
    """One for each row of each table."""
    return [
        *(_rule(rule.reason) for rule in rules.RULES if rule.find is not None),
        *(_filter(at, row.reason) for at, row in enumerate(able.FILTERS)),
        # The last row of the next two catches all: without it there is no answer.
        *(_event(event) for event in life.PREDICATES if event != "nothing"),
        *(_broken(at, row.reason) for at, row in enumerate(broken.RULES[:-1])),
        *(_function(*switched) for switched in SWITCHED_OFF),
    ]


def _rule(reason: str) -> Mutant:
    off = f"r._replace(find=lambda *_: None) if r.reason == {reason!r} else r"
    return Mutant(f"rules.{reason}", "rules", f"RULES = tuple({off} for r in RULES)")


def _filter(at: int, reason: str) -> Mutant:
    off = f"f._replace(keeps=lambda agents, *_: agents) if at == {at} else f"
    return Mutant(f"able.{at}.{reason}", "able", f"FILTERS = tuple({off} for at, f in enumerate(FILTERS))")


def _function(module: str, name: str, answer: str) -> Mutant:
    return Mutant(f"{module}.{name}", module, f"{name} = lambda *_, **_named: {answer}")


def _event(event: str) -> Mutant:
    return Mutant(f"life.{event}", "life", f"PREDICATES = {{**PREDICATES, {event!r}: lambda *_: False}}")


def _broken(at: int, reason: str) -> Mutant:
    off = f"r._replace(holds=lambda *_: False) if at == {at} else r"
    return Mutant(f"broken.{reason}", "broken", f"RULES = tuple({off} for at, r in enumerate(RULES))")


def copy_to(tree: Path) -> None:
    """What the tests need, and nothing that was compiled."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tree / name)


def kill(mutant: Mutant, tree: Path) -> str | None:
    """The first test that notices; None: none does."""
    path = tree / PLANNER / f"{mutant.module}.py"
    original = path.read_text(encoding="utf-8")
    path.write_text(f"{original}\n{mutant.line}\n", encoding="utf-8")
    try:
        return next((killer for stage in STAGES if (killer := _failing(tree, stage)) is not None), None)
    finally:
        path.write_text(original, encoding="utf-8")


def _failing(tree: Path, tests: tuple[str, ...]) -> str | None:
    done = subprocess.run(
        [sys.executable, "-B", *PYTEST, *tests],
        cwd=tree,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode == 0:
        return None
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return (
        failed[0].removeprefix("FAILED ").split(" - ")[0]
        if failed
        else f"pytest ended with {done.returncode}"
    )


if __name__ == "__main__":
    sys.exit(main())
