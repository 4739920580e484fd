"""What a pass loads and leaves behind: the guard of the figures in docs/performance.md.

A pass is a new process every minute, so each module it imports is paid for 1,440 times a day. A new
name in one of these lists is a decision: the reason stands in its group, the price is measured by
``python -m bench idle``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.integration.commands import NO_PRESSURE
from tests.integration.stub_server import StubServer
from tinyscheduler.taskstore.rows import NewTask
from tinyscheduler.taskstore.store import Store

PASS_LIMIT_S = 30

PROBE = """
import sys
found_at_start = set(sys.modules)
source, listing, *arguments = sys.argv[1:]
sys.path.insert(0, source)
from tinyscheduler.__main__ import main
code = main(arguments)
with open(listing, "w") as file:
    file.write("\\n".join(set(sys.modules) - found_at_start))
sys.exit(code)
"""
"""Only what the pass adds to a bare interpreter is counted, so that the test holds for each Python."""

STDLIB_OF_A_PASS: Mapping[str, str] = {
    "the language: typing and what it brings": (
        "__future__ collections contextlib copyreg enum functools itertools keyword operator re reprlib"
        " types typing warnings"
    ),
    "typing again, on Python 3.12 and later": "annotationlib weakref",
    "loading a command by its name": "importlib",
    "the collector is switched off": "gc",
    "leases, ledgers and settings are JSON": "json",
    "instants": "datetime math",
    "the lock, processes, error numbers": "errno fcntl select signal",
}
"""Top-level names; those that begin with an underscore are the interpreter's own affair."""

STDLIB_OF_THE_STORE: Mapping[str, str] = {"the embedded task store": "sqlite3"}

STDLIB_OF_HTTPX: Mapping[str, str] = {
    # httpx, httpcore and h11 import these at their head whatever is asked of them (ADR 0020).
    "messages and addresses": "calendar email http ipaddress locale mimetypes quopri string urllib",
    "looking up a host, which Python does by way of IDNA": "encodings stringprep unicodedata",
    "bytes and digests": "base64 binascii bisect bz2 hashlib lzma struct zlib array",
    "sockets, also where no TLS is spoken": "selectors socket ssl",
    "logging, which nobody of us uses": "logging textwrap traceback linecache token tokenize",
    "temporary files of urllib.request": "fnmatch ntpath pathlib random shutil tempfile atexit",
    "introspection": "ast copy dataclasses dis inspect opcode threading weakref",
}

LIBRARIES_OF_HTTPX = frozenset({"anyio", "certifi", "h11", "httpcore", "httpx", "idna"})

OURS: Mapping[str, str] = {
    "the command line": "cli cli.app cli.console cli.context cli.plain cli.run config.flags",
    "composition": (
        "bootstrap bootstrap.home bootstrap.program errors ports ports.folder ports.machine ports.state"
    ),
    "settings, read back from the cache": (
        "config config.cache config.dotenv config.header_text config.load config.sources"
    ),
    "kit": "kit kit.fields kit.files kit.json_text kit.namespace_time",
    "words": (
        "model model.action model.agent model.breaker model.configuration model.event model.hours model.ids"
        " model.intent model.knowledge model.lease model.ledger model.machine model.pass_result model.pause"
        " model.policy model.rate_limit model.reason model.resources model.sightings model.snapshot"
        " model.task model.waiting"
    ),
    "decisions about runs; those about tasks are loaded when there are some": (
        "planner planner.breakers planner.life planner.retry planner.tend"
    ),
    "the order of a pass; what acts is loaded when there is something to do": (
        "reconcile reconcile.context reconcile.fetching reconcile.guard reconcile.memory"
        " reconcile.observe reconcile.observe_tasks reconcile.record reconcile.report reconcile.run"
        " reconcile.telling reconcile.untold"
    ),
    "ports bound, nothing of them used": (
        "adapters adapters.engines adapters.engines.local adapters.gauge adapters.hooks adapters.runs"
        " adapters.runs.store"
    ),
    "the day of the last sweep": "adapters.attic",
    "looking": (
        "adapters.clock adapters.processes adapters.processes.proc adapters.processes.table adapters.records"
        " adapters.records.breakers adapters.records.intents adapters.records.lease_json"
        " adapters.records.leases adapters.records.ledger_json adapters.records.ledgers"
        " adapters.records.pauses adapters.records.sightings adapters.records.trouble"
        " adapters.records.waiting adapters.runlock"
        " adapters.state_folder adapters.state_folder.folder adapters.state_folder.litter"
        " adapters.state_folder.signature adapters.state_folder.strangers"
    ),
    "the pass record": "adapters.journal",
}
"""Below ``tinyscheduler``."""

OURS_OF_THE_STORE: Mapping[str, str] = {
    "the store behind the port": "adapters.embedded",
    "one list is asked for; the other operations are in the same file's reach": (
        "taskstore taskstore.as_model taskstore.checks taskstore.database taskstore.families"
        " taskstore.listing taskstore.remarks taskstore.rows taskstore.schema taskstore.store taskstore.tasks"
    ),
}

OURS_OF_HTTP: Mapping[str, str] = {
    "the client": (
        "adapters.mcp adapters.mcp.client adapters.mcp.deadline adapters.mcp.endpoint adapters.mcp.faults"
        " adapters.mcp.answer adapters.mcp.fetch adapters.mcp.habits adapters.mcp.line adapters.mcp.manners"
        " adapters.mcp.one_task adapters.mcp.opening adapters.mcp.streamable adapters.mcp.task_json"
        " adapters.mcp.tasks adapters.mcp.wire"
    ),
    "headers and token, which are in no cache": "config.secrets",
}

NEVER = frozenset({
    "argparse", "asyncio", "click", "concurrent", "filelock", "mcp", "multiprocessing", "psutil", "pydantic",
    "pydantic_core", "pydantic_settings", "pygments", "rich", "starlette", "subprocess", "tomllib", "uuid",
    "uvicorn",
})  # fmt: skip
"""Measured in ADRs 0005, 0006, 0007, 0020 and 0030: from 4 to 600 ms each."""


OURS_OF_SCHEDULES: Mapping[str, str] = {
    "what is remembered of schedules, and whether the next time has come": (
        "adapters.records.schedules model.desk model.schedule planner.pauses planner.schedules"
        " reconcile.schedule_look reconcile.schedules"
    ),
}

SCHEDULE = """
[[schedules]]
name = "yearly"
cron = "0 0 1 1 *"
zone = "Europe/Berlin"
title = "Look back"
queue = "dev"
"""


class Place(NamedTuple):
    """A base folder with the agents of the first example, and nothing of the operator's settings."""

    base: Path
    source: Path

    def run(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        """One real process."""
        command = [sys.executable, "-I", "-c", PROBE, str(self.source), str(self.listing), *arguments]
        environment = {
            "PATH": os.environ["PATH"],
            "TINYSCHEDULER_BASE_PATH": str(self.base),
            "TINYSCHEDULER_AGENT_CONTROL_FILE": "agent-control/small.json",
            **{f"TINYSCHEDULER_{name}": value for name, value in settings.items()},
        }
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=PASS_LIMIT_S, check=False
        )

    def pass_over(self, **settings: str) -> set[str]:
        """The modules of the second of two passes: the first one fills the cache of the configuration."""
        for _ in range(2):
            done = self.run("run", "--once", **settings)
            assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        return set(self.listing.read_text().split())

    @property
    def listing(self) -> Path:
        """Beside the base folder, whose content is looked at."""
        return self.base.with_name("modules")

    @property
    def tasks(self) -> Path:
        return self.base / "state" / "tasks.db"


@pytest.fixture
def place(tmp_path: Path, repo_root: Path) -> Place:
    base = tmp_path / "base"
    base.mkdir()
    shutil.copytree(repo_root / "examples" / "agent-control", base / "agent-control")
    return Place(base, repo_root / "src")


def names(*groups: Mapping[str, str]) -> set[str]:
    return {name for group in groups for text in group.values() for name in text.split()}


def ours_in(modules: set[str]) -> set[str]:
    own = {name for name in modules if name.startswith("tinyscheduler")}
    return {name.partition(".")[2] for name in own} - {"", "__main__"}


def others_in(modules: set[str]) -> set[str]:
    tops = {name.partition(".")[0] for name in modules}
    return {name for name in tops if not name.startswith("_") or name == "__future__"} - {"tinyscheduler"}


def tree(folder: Path) -> dict[str, tuple[object, ...]]:
    """Every name with all that a write would change; reading changes none of it."""
    found: dict[str, tuple[object, ...]] = {}
    for path in [folder, *folder.rglob("*")]:
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path.relative_to(folder))] = (
            status.st_ino,
            status.st_mode,
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
            content,
        )
    return found


def test_the_libraries_that_a_pass_must_not_load_are_there_to_be_loaded() -> None:
    """Otherwise the lists below would hold for the wrong reason: httpx loads click, rich and pygments
    where it finds them."""
    missing = {name for name in ("click", "pydantic", "pygments", "rich", "mcp") if find_spec(name) is None}

    assert missing == set()


def test_an_idle_pass_loads_what_is_listed_and_nothing_else(place: Place) -> None:
    modules = place.pass_over()

    assert others_in(modules) - names(STDLIB_OF_A_PASS, STDLIB_OF_THE_STORE) == set()
    assert ours_in(modules) - names(OURS, OURS_OF_THE_STORE) == set()
    assert others_in(modules) & NEVER == set()


def test_an_idle_pass_against_a_server_adds_httpx_and_nothing_else(place: Place) -> None:
    with StubServer() as server:
        modules = place.pass_over(MCP_ENDPOINT=server.url)

    allowed = names(STDLIB_OF_A_PASS, STDLIB_OF_HTTPX) | LIBRARIES_OF_HTTPX
    assert "list_tasks" in server.tools
    assert others_in(modules) - allowed == set()
    assert ours_in(modules) - names(OURS, OURS_OF_HTTP) == set()
    assert others_in(modules) & NEVER == set()


def test_an_idle_pass_with_schedules_adds_no_library(place: Place) -> None:
    """Cron expressions and zones are asked when the time that was written down has come."""
    (place.base / "tinyscheduler.toml").write_text(SCHEDULE)

    modules = place.pass_over()

    assert others_in(modules) - names(STDLIB_OF_A_PASS, STDLIB_OF_THE_STORE) == set()
    assert ours_in(modules) - names(OURS, OURS_OF_THE_STORE, OURS_OF_SCHEDULES) == set()
    assert names(OURS_OF_SCHEDULES) - ours_in(modules) == set()


def test_the_lists_name_no_module_of_ours_that_no_pass_loads(place: Place) -> None:
    """A name that is allowed and not needed would let its return pass unnoticed."""
    with StubServer() as server:
        loaded = place.pass_over() | place.pass_over(MCP_ENDPOINT=server.url)

    assert names(OURS, OURS_OF_THE_STORE, OURS_OF_HTTP) - ours_in(loaded) == set()


def test_an_idle_pass_leaves_no_side_files_of_its_database(place: Place) -> None:
    """``.lock`` is that of the migration; it is never removed, because others may wait on it."""
    place.pass_over()

    assert {path.name for path in place.tasks.parent.glob("tasks.db*")} == {"tasks.db", "tasks.db.lock"}


@pytest.mark.parametrize("form", [("--json",), ()], ids=["json", "text"])
def test_a_dry_run_in_an_empty_folder_writes_nothing(place: Place, form: tuple[str, ...]) -> None:
    before = tree(place.base)

    done = place.run("run", "--dry-run", *form)

    assert (done.returncode, done.stderr) == (0, "")
    assert tree(place.base) == before


def test_a_dry_run_beside_a_pass_writes_nothing(place: Place) -> None:
    """Also where there is everything that a pass makes."""
    place.pass_over()
    before = tree(place.base)

    done = place.run("run", "--dry-run")

    assert (done.returncode, done.stderr) == (0, "")
    assert tree(place.base) == before


def test_a_dry_run_sees_what_is_in_the_log_of_a_database_and_leaves_it_there(place: Place) -> None:
    """A reader that opens such a database makes side files and moves the log into the file."""
    (place.base / "tinyscheduler.toml").write_text(NO_PRESSURE)
    store = Store(str(place.tasks))
    try:
        store.create_task(NewTask(title="in the log", created_by="alice", queue_name="dev"))
        assert place.tasks.with_name("tasks.db-wal").stat().st_size > 0
        before = tree(place.base)

        done = place.run("run", "--dry-run", "--json")

        assert tree(place.base) == before
    finally:
        store.close()
    assert '"kind": "start"' in done.stdout
    assert (done.returncode, done.stderr) == (0, "")
