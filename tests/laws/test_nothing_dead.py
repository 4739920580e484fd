"""Every function and class of a module is named somewhere in the program or in what generates its docs.

What only tests call, or nobody, is read by people and kept by them for nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

NAME_CHARS_MAX = 80
"""Of a text that may name something, such as an annotation in quotes or a member asked for by its name."""


def test_nothing_is_defined_that_nobody_names(repo_root: Path) -> None:
    program = trees_of(repo_root / "src" / "tinyscheduler")
    makers = [*trees_of(repo_root / "tools").values(), *trees_of(repo_root / "tests" / "docs").values()]
    named = {name for tree in (*program.values(), *makers) for name in names_in(tree)}

    dead = [
        f"{path.relative_to(repo_root)}: {node.name}"
        for path, tree in program.items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name not in named
    ]

    assert dead == []


def trees_of(folder: Path) -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.py"))}


def names_in(tree: ast.Module) -> Iterator[str]:
    """What is used; an import alone is no use."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name
            case ast.Constant(value=str() as text) if len(text) <= NAME_CHARS_MAX:
                yield from text.replace(".", " ").replace("[", " ").replace("]", " ").split()
