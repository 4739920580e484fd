"""``validate-config --fix``: what is shown is what is done, once, and only to what is ours (features I1)."""

from __future__ import annotations

import json
import os
import stat
import subprocess

import pytest

from tinyscheduler.config.mending.apply import apply
from tinyscheduler.config.mending.plan import plan
from tinyscheduler.config.sources import gather

CONTROL = '[\n  {"agentname": "a", "agentType": "dev ", "command": ["/bin/sh"], "maxConcurrency": 1,},\n]\n'
MENDED = '[\n  {"agentName": "a", "agentType": "dev", "command": ["/bin/sh"], "maxConcurrency": 1}\n]\n'
DOTENV = "# ours\nTINYSCHEDULER_GRACE_SECS=7 # s\nTINYSCHEDULER_MCP_HEADERS='X-A: hunter2'\n"


def mode_of(path: str) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def picture(folder: str) -> dict[str, tuple[object, ...]]:
    """Everything below it that a write would change."""
    found: dict[str, tuple[object, ...]] = {}
    for root, _, names in os.walk(folder):
        for path in (root, *(os.path.join(root, name) for name in names)):
            status = os.lstat(path)
            found[path] = (status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns)
    return found


def a_mess(desk) -> None:
    """One of everything."""
    os.chmod(desk.write(".env", DOTENV), 0o644)
    os.chmod(desk.write("agent-control.json", CONTROL), 0o664)
    desk.write("tinyscheduler.toml", "# toml\nmax_paralel = 2\nlog_dir = 'var/log'\n")
    desk.write("state/format.json", "{}")
    os.mkdir(desk.path("state/running"))
    for name, mode in (("state", 0o755), ("state/running", 0o770)):
        os.chmod(desk.path(name), mode)


def answer(desk, *arguments: str, **environment: str) -> dict[str, object]:
    found = json.loads(desk.say("validate-config", "--json", *arguments, **environment).text)
    assert isinstance(found, dict)
    return found


def test_everything_is_mended_in_place(desk):
    a_mess(desk)

    said = desk.say("validate-config", "--fix")

    assert said.code == 0
    assert read(desk.path(".env")) == DOTENV.replace("GRACE_SECS", "GRACE_SEC")
    assert read(desk.path("agent-control.json")) == MENDED
    assert read(desk.path("tinyscheduler.toml")).startswith("# toml\nmax_parallel = 2\n")
    assert mode_of(desk.path(".env")) == 0o600
    assert mode_of(desk.path("agent-control.json")) == 0o664
    assert (mode_of(desk.path("state")), mode_of(desk.path("state/running"))) == (0o700, 0o700)
    assert mode_of(desk.path("var/log")) == 0o700


def test_each_change_is_one_line_with_before_and_after(desk):
    a_mess(desk)

    lines = desk.say("validate-config", "--fix").text.replace(desk.base, "").splitlines()

    assert [line for line in lines if line.startswith("fixed: ")] == [
        "fixed: /.env:2: TINYSCHEDULER_GRACE_SECS -> TINYSCHEDULER_GRACE_SEC",
        "fixed: /tinyscheduler.toml:2: max_paralel -> max_parallel",
        "fixed: /agent-control.json:2: 2 commas after last items (lines 2, 2) -> none",
        "fixed: /agent-control.json:2: 'dev ' -> 'dev'",
        "fixed: /agent-control.json:2: 'agentname' -> 'agentName'",
        "fixed: /var/log: no folder -> a folder, mode 0700",
        "fixed: /.env: mode 0644 -> mode 0600",
        "fixed: /state: mode 0755 -> mode 0700",
        "fixed: /state/running: mode 0770 -> mode 0700",
    ]


def test_second_run_changes_nothing(desk):
    a_mess(desk)
    desk.say("validate-config", "--fix")
    before = picture(desk.base)

    second = answer(desk, "--fix")

    assert (second["fixed"], second["fixable"], second["left"]) == ([], [], [])
    assert picture(desk.base) == before


@pytest.mark.parametrize(
    ("arguments", "environment"), [((), {}), (("--fix",), {"DRY_RUN": "true"})], ids=["plain", "dry run"]
)
def test_what_is_shown_before_is_what_is_done_after(desk, arguments, environment):
    a_mess(desk)
    before = picture(desk.base)

    shown = answer(desk, *arguments, **environment)

    assert picture(desk.base) == before
    assert shown["fixed"] == []
    assert shown["fixable"] == answer(desk, "--fix")["fixed"] != []


def test_dry_run_says_why_nothing_was_changed(desk):
    a_mess(desk)

    text = desk.say("validate-config", "--fix", DRY_RUN="true").text

    assert text.endswith("nothing was changed, because DRY_RUN is set\n")


def test_what_a_person_wrote_is_kept_beside_and_closed(desk):
    a_mess(desk)

    desk.say("validate-config", "--fix")

    for name, content in ((".env", DOTENV), ("agent-control.json", CONTROL)):
        assert read(desk.path(f"{name}.bak")) == content
        assert mode_of(desk.path(f"{name}.bak")) == 0o600


def test_first_copy_stays_through_later_mends(desk):
    a_mess(desk)
    desk.say("validate-config", "--fix")
    desk.write(".env", read(desk.path(".env")) + "TINYSCHEDULER_LOGLEVEL=INFO\n")

    desk.say("validate-config", "--fix")

    assert "TINYSCHEDULER_LOG_LEVEL=INFO" in read(desk.path(".env"))
    assert read(desk.path(".env.bak")) == DOTENV


def test_rights_alone_need_no_copy(desk):
    os.chmod(desk.write(".env", "TINYSCHEDULER_MCP_HEADERS=X-A: b\n"), 0o640)

    desk.say("validate-config", "--fix")

    assert sorted(os.listdir(desk.base)) == [".env"]


def test_faults_that_are_left_are_told_and_decide_the_exit_code(desk):
    desk.write("tinyscheduler.toml", "max_paralel = 2\ngrace_sec = 99\n")

    said = desk.say("validate-config", "--fix")

    assert said.code == 2
    assert [line.partition(":")[0] for line in said.text.splitlines()] == ["fixed", "fault"]


def test_secrets_are_never_shown(desk):
    a_mess(desk)
    os.chmod(desk.write("token", "hunter2"), 0o644)
    desk.write("tinyscheduler.toml", 'mcp_token_fil = "hunter2"\nmcp_header = "X: hunter2"\n')

    texts = [desk.say("validate-config", *words).text for words in ((), ("--json",), ("--fix",))]

    assert "hunter2" not in "".join(texts).replace(desk.path("hunter2"), "")


def test_link_is_left_with_a_word_why(desk):
    elsewhere = desk.write("elsewhere/dotenv", DOTENV)
    os.chmod(elsewhere, 0o644)
    os.symlink(elsewhere, desk.path(".env"))

    left = answer(desk, "--fix")["left"]

    assert read(elsewhere) == DOTENV
    assert mode_of(elsewhere) == 0o644
    assert isinstance(left, list)
    assert len(left) == 2
    assert all(f"it is a link to {elsewhere}" in found["why"] for found in left)


def test_file_of_somebody_else_is_left_with_a_word_why(desk):
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    os.chmod(desk.write(".env", DOTENV), 0o644)
    os.chown(desk.path(".env"), 65534, 65534)

    found = answer(desk, "--fix")

    assert read(desk.path(".env")) == DOTENV
    assert mode_of(desk.path(".env")) == 0o644
    assert found["fixed"] == []
    assert "it belongs to user 65534" in json.dumps(found["left"])


def test_group_of_a_file_stays(desk):
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    os.chmod(desk.write("agent-control.json", CONTROL), 0o640)
    os.chown(desk.path("agent-control.json"), -1, 65534)

    desk.say("validate-config", "--fix")

    status = os.stat(desk.path("agent-control.json"))
    assert read(desk.path("agent-control.json")) == MENDED
    assert (status.st_gid, stat.S_IMODE(status.st_mode)) == (65534, 0o640)


def test_disk_that_refuses_is_told_and_is_in_the_exit_code(desk):
    desk.write(".env", "TINYSCHEDULER_LOG_DIR=/proc/nowhere\nTINYSCHEDULER_GRACE_SECS=7\n")

    said = desk.say("validate-config", "--fix")

    assert said.code == 1
    assert "left alone: /proc/nowhere: no folder should be a folder, mode 0700, but it failed: " in said.text
    assert "fixed: " in said.text


def test_file_that_was_changed_meanwhile_is_not_overwritten(desk):
    desk.write(".env", "TINYSCHEDULER_GRACE_SECS=7\n")
    planned = plan(gather({}, desk.environ, None))
    desk.write(".env", "TINYSCHEDULER_GRACE_SECS=8\n")

    done = apply(planned)

    assert done.has_failed
    assert "somebody has changed the file meanwhile" in done.left[0].why
    assert read(desk.path(".env")) == "TINYSCHEDULER_GRACE_SECS=8\n"
    assert os.listdir(desk.base) == [".env"]


def test_folder_that_no_pass_has_signed_is_not_closed(desk):
    """A state folder that is mistyped may be anybody's."""
    os.mkdir(desk.path("state"), 0o755)
    os.chmod(desk.path("state"), 0o755)

    assert answer(desk)["fixable"] == []


def test_base_folder_is_never_closed(desk):
    desk.write("format.json", "{}")
    os.chmod(desk.base, 0o755)

    found = answer(desk, "--fix", STATE_DIR=".")

    assert found["fixed"] == []
    assert mode_of(desk.base) == 0o755


def test_missing_base_folder_and_workspaces_of_agents_are_not_made(desk):
    """They may be mistyped, and an empty folder would hide it."""
    desk.write("agent-control.json", '[{"agentName": "a", "agentType": "dev", "workspace": "wrok"}]')

    found = answer(desk, "--fix")
    gone = answer(desk, "--fix", BASE_PATH=desk.path("gone"), LOG_DIR="logs")

    assert (found["fixed"], gone["fixed"]) == ([], [])
    assert sorted(os.listdir(desk.base)) == ["agent-control.json"]


def test_secret_that_is_a_folder_or_a_device_keeps_its_rights(desk):
    os.mkdir(desk.path("k"), 0o755)
    os.chmod(desk.path("k"), 0o755)
    env = {"A": {"file": "k"}, "B": {"file": "/dev/null"}}
    desk.write("agent-control.json", json.dumps([{"agentName": "a", "agentType": "dev", "env": env}]))

    assert answer(desk, "--fix")["fixed"] == []
    assert mode_of(desk.path("k")) == 0o755


def test_reader_sees_the_old_file_or_the_new_one(desk):
    """Passes go on meanwhile: none may find half a file."""
    path = desk.write("agent-control.json", CONTROL)
    watch = (
        "import sys\nseen = set()\nprint('ready', flush=True)\n"
        f"while {MENDED!r} not in seen:\n    seen.add(open(sys.argv[1]).read())\nprint(len(seen))"
    )
    python = [os.path.realpath("/proc/self/exe"), "-I", "-c", watch, path]
    with subprocess.Popen(python, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
        desk.say("validate-config", "--fix")
        out, _ = reader.communicate(timeout=20)

    assert int(out) <= 2
