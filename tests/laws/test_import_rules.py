"""The walls that import-linter cannot draw: pure rooms, and one room per library.

Read from the source, so that imports inside functions and under TYPE_CHECKING count as well.
"""

import ast
import sys
from pathlib import Path

import pytest

# Rooms that decide or translate: same input, same output. A clock, a file or a library in one of
# them would make a plan that cannot be repeated.
PURE_ROOMS = (
    "planner",
    "model",
    "ports",
    "views",
    "wrapper.states",
    "wrapper.course",
    "wrapper.outcomes",
    "adapters.markdown.editing",
    "adapters.markdown.page",
    "adapters.markdown.relations",
    "adapters.markdown.remarks",
    "adapters.markdown.sheet",
    "adapters.markdown.values",
    "adapters.mcp.wire",
    "adapters.mcp.answer",
    "adapters.mcp.habits",
    "adapters.mcp.task_json",
    "adapters.mcp.remark_json",
    "adapters.mcp.faults",
    "adapters.mcp.fetch",
)
IMPURE_PARTS = ("views.table",)
IMPURE_LIBRARIES = {"os", "pathlib", "subprocess", "socket", "time", "random", "logging"}

# Where each library may be imported. A library that is not in this table has no room yet: giving it
# one is a decision, since every import is paid for each minute.
LIBRARY_ROOMS = {
    "anyio": ("taskserver",),
    "cronsim": ("kit.cron",),
    "filelock": ("config", "taskstore"),
    "httpx": ("adapters.mcp", "adapters.notifiers"),
    "mcp": ("taskserver",),
    "psutil": ("adapters.processes", "doctor"),
    "pydantic": ("config",),
    # Its fast writer of indented JSON, for answers (ADR 0026).
    "pydantic_core": ("config", "taskserver"),
    "pydantic_settings": ("config",),
    "rich": ("views.table", "cli.console", "cli.demo"),
    "sqlite3": ("taskstore",),
    "starlette": ("taskserver",),
    "uvicorn": ("taskserver",),
}


def test_every_import_is_allowed_where_it_stands(repo_root: Path) -> None:
    """A broken wall is named with its file, so that the remedy is plain."""
    source = repo_root / "src" / "tinyscheduler"
    faults = [
        f"{path.relative_to(repo_root)}: {fault}"
        for path in sorted(source.rglob("*.py"))
        for fault in faults_of(room_of(path.relative_to(source)), path.read_text(encoding="utf-8"))
    ]

    assert faults == []


@pytest.mark.parametrize(
    ("room", "source", "expected"),
    [
        ("planner.tend", "from datetime import datetime", []),
        ("planner.tend", "import os.path", ["os in a pure room"]),
        ("ports", "if TYPE_CHECKING:\n    from pathlib import Path", ["pathlib in a pure room"]),
        ("model.task", "import pydantic", ["pydantic in a pure room"]),
        ("views.table", "def show():\n    import rich.table", []),
        ("views.status", "from rich import print", ["rich in a pure room"]),
        ("adapters.mcp.client", "import httpx", []),
        ("adapters.mcp.wire", "import httpx", ["httpx in a pure room"]),
        ("adapters.mcpx", "import httpx", ["httpx outside its room"]),
        ("cli.run", "import sqlite3", ["sqlite3 outside its room"]),
        ("cli.run", "import requests", ["requests has no room"]),
        ("cli.run", "from tinyscheduler.model import task\nfrom . import app", []),
    ],
)
def test_rule_tells_allowed_from_forbidden(room: str, source: str, expected: list[str]) -> None:
    assert faults_of(room, source) == expected


def room_of(path: Path) -> str:
    """Return the dotted name of a module below the package."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def faults_of(room: str, source: str) -> list[str]:
    """Return what is wrong with the imports of one module."""
    faults = (fault_of(room, library) for library in sorted(libraries_of(source)))
    return [fault for fault in faults if fault]


def fault_of(room: str, library: str) -> str | None:
    """Return what is wrong with one library in one room; None: nothing."""
    is_foreign = library not in sys.stdlib_module_names
    is_pure = lies_in(room, PURE_ROOMS) and not lies_in(room, IMPURE_PARTS)
    if is_pure and (is_foreign or library in IMPURE_LIBRARIES):
        return f"{library} in a pure room"
    if library in LIBRARY_ROOMS:
        return None if lies_in(room, LIBRARY_ROOMS[library]) else f"{library} outside its room"
    return f"{library} has no room" if is_foreign else None


def lies_in(room: str, rooms: tuple[str, ...]) -> bool:
    """Tell whether a room is one of these or inside one."""
    return any(f"{room}.".startswith(f"{outer}.") for outer in rooms)


def libraries_of(source: str) -> set[str]:
    """Return the top-level names of all imports but our own."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module)
    return {name.partition(".")[0] for name in names} - {"tinyscheduler"}
