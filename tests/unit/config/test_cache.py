"""The compiled configuration is read back when nothing has changed, and only then (ADR 0030)."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tinyscheduler.config.cache import digest
from tinyscheduler.config.load import load

CONTROL = (
    '[{"agentName": "dev-1", "agentType": "dev", "maxConcurrency": 2, "command": ["a"], "env": {"A": "b"}}]'
)


def cache_of(desk):
    return desk.path("state/cache/configuration.json")


def mark(desk):
    """Give the cached entry a value that compiling would never give, so that a hit can be told."""
    with open(cache_of(desk), "rb") as file:
        head, _, body = file.read().partition(b"\n")
    body = body.replace(b'"INFO"', b'"MARK"')
    fields = json.loads(head[:-1] + b"}") | {"sum": digest(body)}
    with open(cache_of(desk), "wb") as file:
        file.write(json.dumps(fields).encode()[:-1] + b",\n" + body)


def is_hit(desk, *arguments, **named):
    return desk.load(*arguments, **named).log_level == "MARK"


@pytest.fixture
def warm(desk):
    """A desk whose configuration has been compiled and marked."""
    desk.write("agent-control.json", CONTROL)
    desk.write(".env", "TINYSCHEDULER_GRACE_SEC=7\nOTHER=x\n")
    desk.write("tinyscheduler.toml", "max_attempts = 4\n")
    desk.load()
    mark(desk)
    return desk


def test_unchanged_inputs_hit(warm):
    assert is_hit(warm)


def test_entry_is_equal_to_what_was_compiled(desk):
    desk.write("agent-control.json", CONTROL)
    compiled = desk.load(QUEUE_LIMITS="dev:2", MCP_ENDPOINT="http://localhost:1", MCP_HEADERS="X-A: b")

    read_back = desk.load(QUEUE_LIMITS="dev:2", MCP_ENDPOINT="http://localhost:1", MCP_HEADERS="X-A: b")

    assert read_back == compiled
    assert [type(part) for part in read_back] == [type(part) for part in compiled]
    assert type(read_back.agents[0].env[0]) is type(compiled.agents[0].env[0])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("agent-control.json", CONTROL.replace("2", "3")),
        (".env", "TINYSCHEDULER_GRACE_SEC=8\n"),
        ("tinyscheduler.toml", "max_attempts = 5\n"),
    ],
)
def test_changed_file_misses(warm, name, content):
    warm.write(name, content)

    assert not is_hit(warm)


def test_removed_agent_control_misses(warm):
    os.unlink(warm.path("agent-control.json"))

    assert not is_hit(warm)


def test_changed_environment_or_flags_miss(warm):
    assert not is_hit(warm, HEARTBEAT_SEC="20")
    warm.load()
    mark(warm)
    assert not is_hit(warm, {"HEARTBEAT_SEC": "20"})


def test_names_of_other_programs_do_not_miss(warm):
    warm.write(".env", "TINYSCHEDULER_GRACE_SEC=7\nOTHER=y\n")
    warm.environ["TERM"] = "xterm"

    assert is_hit(warm, TASK_ID="7", LEASE="x", AGENT_ENV_TOKEN="y")


def test_broken_agent_control_is_a_fault_although_an_entry_exists(warm):
    warm.write("agent-control.json", "[")

    assert warm.faults()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: b"",
        lambda data: data[:-20],
        lambda data: data.replace(b"dev-1", b"dev-2"),
        lambda data: b"\x00" * len(data),
        lambda _: b"[]",
        lambda data: b"{}\n" + data,
        lambda _: b"[" * 100_000,
        lambda data: data.partition(b"\n")[0] + b"\n",
    ],
)
def test_garbled_entry_is_a_miss(warm, spoil):
    with open(cache_of(warm), "rb") as file:
        data = file.read()
    with open(cache_of(warm), "wb") as file:
        file.write(spoil(data))

    configuration = warm.load()

    assert (configuration.log_level, configuration.agents[0].name) == ("INFO", "dev-1")


def test_entry_that_others_can_read_is_a_miss(warm):
    os.chmod(cache_of(warm), 0o644)

    assert not is_hit(warm)


def test_link_in_place_of_the_entry_is_a_miss_and_is_replaced(warm):
    os.rename(cache_of(warm), warm.path("elsewhere"))
    os.symlink(warm.path("elsewhere"), cache_of(warm))

    assert not is_hit(warm)
    assert not os.path.islink(cache_of(warm))


def test_entry_of_a_copied_folder_is_a_miss(warm, tmp_path):
    copy = str(tmp_path / "copy")
    subprocess.run(["cp", "-a", warm.base, copy], check=True)

    configuration = load({}, {"TINYSCHEDULER_HOME": copy, "HOME": warm.home}, write_cache=False)

    assert (configuration.log_level, configuration.places.base) == ("INFO", copy)


def test_cache_is_private_and_whole_json(desk):
    desk.load()

    with open(cache_of(desk), "rb") as file:
        json.load(file)
    assert os.stat(cache_of(desk)).st_mode & 0o777 == 0o600
    assert os.stat(os.path.dirname(cache_of(desk))).st_mode & 0o777 == 0o700
    assert os.listdir(os.path.dirname(cache_of(desk))) == ["configuration.json"]


def test_nothing_is_written_when_not_asked_to(desk):
    before = os.listdir(desk.base)

    load({}, desk.environ, write_cache=False)

    assert os.listdir(desk.base) == before


def test_faults_are_never_kept(desk):
    desk.faults(HEARTBEAT_SEC="0")

    assert not os.path.exists(cache_of(desk))


def test_state_dir_from_toml_is_found_without_the_toml_parser(desk):
    desk.write("tinyscheduler.toml", "# mine\nstate_dir = 'var'  # here\n")

    desk.load()

    assert os.path.exists(desk.path("var/cache/configuration.json"))
    assert desk.load().places.state == desk.path("var")


def test_unwritable_cache_does_not_stop_anything(desk):
    desk.write("state/cache", "a file where a folder should be")

    assert desk.load().policy.max_parallel == 5


def test_neither_secrets_nor_traces_of_them_are_kept(desk):
    """The key stays the same when only the secret changes, so nobody can guess it from the key."""
    kept = []
    for secret in ("hunter2", "other"):
        desk.write(".env", f"TINYSCHEDULER_MCP_HEADERS=X-Key: {secret}\nPASSWORD={secret}\n")
        desk.load(MCP_ENDPOINT="http://localhost:1", MCP_PASSWORD=secret)
        with open(cache_of(desk), "rb") as file:
            kept.append(file.read())

    assert kept[0] == kept[1]
    assert b"hunter2" not in kept[0]


def run_python(code: str, desk) -> str:
    source = os.path.join(os.path.dirname(__file__), "..", "..", "..", "src")
    environ = desk.environ | {"PYTHONPATH": os.path.realpath(source)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    return done.stdout


LOAD = "import os, sys; from tinyscheduler.config.load import load; load({}, os.environ, write_cache=True); "


def test_hit_imports_nothing_that_costs(desk):
    """The rule that keeps a pass fast; 140 ms hang on it."""
    desk.write("agent-control.json", CONTROL)
    desk.write("tinyscheduler.toml", "grace_sec = 5\n")
    desk.write(".env", "TINYSCHEDULER_MCP_HEADERS=X-A: b\n")
    code = LOAD + "print(*sorted(sys.modules))"

    run_python(code, desk)
    modules = set(run_python(code, desk).split())

    costly = {
        "pydantic",
        "pydantic_settings",
        "dotenv",
        "tomllib",
        "difflib",
        "hashlib",
        "urllib.parse",
        "pathlib",
    }
    costly |= {
        "argparse",
        "logging",
        "subprocess",
        "dataclasses",
        "tempfile",
        "shlex",
        "asyncio",
        "rich",
        "inspect",
    }
    ours = {name for name in modules if name.startswith("tinyscheduler.config.")}
    assert not modules & costly
    assert ours == {
        f"tinyscheduler.config.{name}" for name in ("cache", "dotenv", "header_text", "load", "sources")
    }


def test_digest_is_the_same_without_the_extension_module(desk):
    code = "import sys; {}from tinyscheduler.config.cache import digest; print(digest(b'x'))"

    direct = run_python(code.format(""), desk)
    by_hashlib = run_python(code.format("import hashlib; sys.modules['_blake2'] = None; "), desk)

    assert direct == by_hashlib
