"""Records are made anew in each pass, so what making them costs is part of the design (ADR 0005)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

MODEL = Path("src/tinyscheduler/model")
POSTPONED = {
    "snapshot.py": "it names a record that most passes need not load",
}
"""Modules of the model that postpone their annotations all the same, and why."""


def modules_of_records(root: Path) -> list[Path]:
    return [path for path in sorted((root / MODEL).glob("*.py")) if "(NamedTuple)" in path.read_text()]


def postpones(path: Path) -> bool:
    imports = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ImportFrom)]
    return any(node.module == "__future__" for node in imports)


@pytest.mark.parametrize("name", sorted(POSTPONED))
def test_the_exceptions_are_exceptions(repo_root: Path, name: str) -> None:
    assert postpones(repo_root / MODEL / name)


def test_modules_of_records_do_not_postpone_their_annotations(repo_root: Path) -> None:
    """A postponed annotation is a text, and ``NamedTuple`` compiles each of them when the class is made:
    five hundred in an idle pass, 5 ms of it. Delete ``from __future__ import annotations``; what is
    defined later in the file stands in quotes."""
    modules = modules_of_records(repo_root)
    found = {path.name for path in modules if postpones(path)}

    assert len(modules) > 20
    assert found <= set(POSTPONED)
