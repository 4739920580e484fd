"""How the code of this house is to look, where a machine can tell (docs/architecture.md, Rooms).

Read from the source. Each exception stands here with its reason; a new one is a decision.
"""

import ast
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 70

POSITIONAL_MAX = 3
POSITIONAL_MAX_IN: Mapping[str, int] = {
    # The first argument of a step is the pass itself, and of a rule what it is a rule about.
    "planner": 4,
    "reconcile": 4,
}
SIGNATURES_OF_OTHERS = {
    "adapters/mcp/deadline.py:connect_tcp": "httpcore calls it",
    "config/settings.py:settings_customise_sources": "pydantic calls it",
}

SPEAKS_FOR_ITSELF = {
    "BlockingIOError", "ChildProcessError", "FileExistsError", "FileNotFoundError", "ImportError", "KeyError",
    "KeyboardInterrupt", "NotADirectoryError", "NotAssigned", "ProcessLookupError", "TaskNotFound",
}  # fmt: skip
"""Errors that say one thing: it is not there, it is not yet, it was there already."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Check = Callable[[str, ast.Module, str], Iterator[str]]


def too_long(name: str, tree: ast.Module, source: str) -> Iterator[str]:
    """Who needs a headline inside a file or a function has found the name of another one."""
    lines = source.count("\n")
    if lines > FILE_LINES_MAX:
        yield f"{name} has {lines} lines"
    for function in functions_of(tree):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > FUNCTION_LINES_MAX:
            yield f"{name}:{function.name} has {length} lines"


def too_many_by_position(name: str, tree: ast.Module, source: str) -> Iterator[str]:
    """Beyond these a reader of the call counts commas; name them, or group what belongs together."""
    most = POSITIONAL_MAX_IN.get(name.partition("/")[0], POSITIONAL_MAX)
    for function in functions_of(tree):
        names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
        count = len(names) - (names[:1] in (["self"], ["cls"]))
        if count > most and f"{name}:{function.name}" not in SIGNATURES_OF_OTHERS:
            yield f"{name}:{function.name} takes {count} arguments by position, {most} at most"


def passed_over_in_silence(name: str, tree: ast.Module, source: str) -> Iterator[str]:
    """An error that is passed over, and may mean many things, has its reason beside it: in a comment of
    the handler, or in what the function says of its result."""
    lines = source.splitlines()
    for function in functions_of(tree):
        for handler in own_handlers(function):
            text = "\n".join(lines[handler.lineno - 1 : handler.end_lineno])
            is_explained = "#" in text or ast.get_docstring(function) is not None
            if is_silent(handler) and is_broad(handler) and not is_explained:
                yield f"{name}:{function.name} passes over {ast.unparse(handler.type or handler)}"


def private_of_another(name: str, tree: ast.Module, source: str) -> Iterator[str]:
    """A name with an underscore is nobody's business outside its module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tinyscheduler"):
            for alias in node.names:
                if alias.name.startswith("_") and not alias.name.startswith("__"):
                    yield f"{name} imports {alias.name} of {node.module}"


CHECKS: tuple[Check, ...] = (too_long, too_many_by_position, passed_over_in_silence, private_of_another)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_source_keeps_the_law(repo_root: Path, check: Check) -> None:
    source = repo_root / "src" / "tinyscheduler"
    found = [
        fault
        for path in sorted(source.rglob("*.py"))
        for fault in faults_of(check, path.relative_to(source).as_posix(), path.read_text(encoding="utf-8"))
    ]

    assert found == []


@pytest.mark.parametrize(
    ("check", "name", "source", "count"),
    [
        (too_long, "kit/a.py", "x = 1\n" * 300, 0),
        (too_long, "kit/a.py", "x = 1\n" * 301, 1),
        (too_long, "kit/a.py", "def f():\n" + "    x = 1\n" * 70, 1),
        (too_many_by_position, "kit/a.py", "def f(a, b, c, *, d): pass", 0),
        (too_many_by_position, "kit/a.py", "def f(a, b, c, d): pass", 1),
        (too_many_by_position, "planner/a.py", "def f(a, b, c, d): pass", 0),
        (too_many_by_position, "kit/a.py", "class A:\n    def f(self, a, b, c): pass", 0),
        (too_many_by_position, "adapters/mcp/deadline.py", "def connect_tcp(a, b, c, d, e): pass", 0),
        (passed_over_in_silence, "kit/a.py", "def f():\n try: g()\n except OSError: pass", 1),
        (passed_over_in_silence, "kit/a.py", "def f():\n try: g()\n except OSError:\n  # Why.\n  pass", 0),
        (passed_over_in_silence, "kit/a.py", "def f():\n try: g()\n except KeyError: return None", 0),
        (passed_over_in_silence, "kit/a.py", "def f():\n try: g()\n except OSError as e: say(e)", 0),
        (passed_over_in_silence, "kit/a.py", "def f():\n try: g()\n except (KeyError, OSError): pass", 1),
        (private_of_another, "kit/a.py", "from tinyscheduler.kit.files import _x", 1),
        (private_of_another, "kit/a.py", "from tinyscheduler import __version__", 0),
    ],
)
def test_rule_tells_kept_from_broken(check: Check, name: str, source: str, count: int) -> None:
    assert len(list(faults_of(check, name, source))) == count


def test_every_exception_is_still_one(repo_root: Path) -> None:
    """A list of exceptions that nobody needs any more hides the next fault."""
    for entry in SIGNATURES_OF_OTHERS:
        path, _, name = entry.partition(":")
        tree = ast.parse((repo_root / "src" / "tinyscheduler" / path).read_text(encoding="utf-8"))
        most = max(len(found.args.args) for found in functions_of(tree) if found.name == name)

        assert most > POSITIONAL_MAX, entry


def test_whatever_a_pass_writes_below_the_state_folder_is_looked_at_before(repo_root: Path) -> None:
    """A link in the place of one of these names would lead the writer out of the folder."""
    from tinyscheduler.adapters.state_folder.strangers import OWN_NAMES

    root = repo_root / "src" / "tinyscheduler" / "bootstrap" / "__init__.py"
    source = root.read_text(encoding="utf-8")
    written = {text.partition('"')[0] for text in source.split("{places.state}/")[1:]}

    assert {name for name in written if not name.startswith("{")} <= set(OWN_NAMES)
    assert written, "the names are found where the ports are bound"


def faults_of(check: Check, name: str, source: str) -> Iterator[str]:
    return check(name, ast.parse(source), source)


def functions_of(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def own_handlers(function: Function) -> Iterator[ast.ExceptHandler]:
    """Not those of functions inside, which are looked at by themselves."""
    inner = {
        id(node)
        for nested in ast.walk(function)
        if isinstance(nested, Function) and nested is not function
        for node in ast.walk(nested)
    }
    for node in ast.walk(function):
        if isinstance(node, ast.ExceptHandler) and id(node) not in inner:
            yield node


def is_silent(handler: ast.ExceptHandler) -> bool:
    match handler.body:
        case [ast.Pass() | ast.Continue()] | [ast.Return(value=None | ast.Constant())]:
            return True
        case [ast.Return(value=ast.List(elts=[]) | ast.Tuple(elts=[]) | ast.Dict(keys=[]))]:
            return True
        case _:
            return False


def is_broad(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {ast.unparse(kind).rpartition(".")[2] for kind in caught if kind is not None}
    return handler.type is None or not names <= SPEAKS_FOR_ITSELF
