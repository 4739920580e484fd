"""The set-up behind the launcher: whole or not at all, alone, and clear when it fails."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.launcher.house import (
    LIMIT_S,
    Supplies,
    add_program,
    litter_in,
    make_python_without_ensurepip,
    start,
    told,
    write_lock,
)
from tests.waiting import comes_true, wait_until


def test_first_start_says_what_it_does_and_the_second_is_silent(bare_house: Path, supplies: Supplies) -> None:
    first = start(bare_house / "tinyscheduler", environment=supplies.environment)
    second = start(bare_house / "tinyscheduler", environment=supplies.environment)

    assert first.returncode == 0
    assert first.stdout.startswith("{"), "the program's output is not mixed with the set-up's"
    assert [line.split(":")[0] for line in first.stderr.splitlines()] == ["tinyscheduler"] * 3
    assert told(second)["library"] == "1.0"
    assert litter_in(bare_house) == []


def test_interpreter_of_these_tests_has_no_ensurepip(supplies: Supplies) -> None:
    """Else the other tests would not prove that Debian without python3-venv will do."""
    command = [f"{supplies.interpreter}/python3", "-I", "-c", "import ensurepip"]

    assert b"No module named 'ensurepip'" in subprocess.run(command, check=False, capture_output=True).stderr


def test_bytecode_is_compiled_even_where_writing_it_is_forbidden(
    bare_house: Path, supplies: Supplies
) -> None:
    environment = supplies.environment | {"PYTHONDONTWRITEBYTECODE": "1"}

    finished = start(bare_house / "tools/setup.sh", ".venv", "requirements.lock", environment=environment)

    assert finished.returncode == 0
    assert len([*bare_house.glob("src/tinyscheduler/__pycache__/part.*.pyc")]) == 1
    assert len([*bare_house.glob(".venv/lib/*/site-packages/__pycache__/tinylib.*.pyc")]) == 1


def test_scripts_of_an_environment_name_its_final_place(house: Path, ready_house: Path) -> None:
    """It is built under another name, and a script starts with the path of its interpreter."""
    script = (ready_house / ".venv/bin/tinylib").read_text()

    assert script.startswith(f"#!{ready_house}/.venv/bin/python\n")


def test_changed_lock_file_is_noticed_whatever_its_time(house: Path, supplies: Supplies) -> None:
    """Checkouts, rsync and tar set file times as they like."""
    write_lock(house, supplies, "2.0")
    os.utime(house / "requirements.lock", (0, 0))

    assert start(house / "tinyscheduler", environment=supplies.environment).returncode == 0
    assert told(start(house / "tinyscheduler", environment={}))["library"] == "2.0"
    assert litter_in(house) == []


def remove_stamp(house: Path) -> None:
    (house / ".venv/built-from").unlink()


def truncate_stamp(house: Path) -> None:
    (house / ".venv/built-from").write_text("")


def remove_interpreter(house: Path) -> None:
    (house / ".venv/bin/python").unlink()
    (house / ".venv/bin/python").symlink_to("/nowhere/python3.11")


def empty_environment(house: Path) -> None:
    shutil.rmtree(house / ".venv")
    (house / ".venv").mkdir()


def stop_between_the_renames(house: Path) -> None:
    (house / ".venv").rename(house / ".venv.old-1")
    (house / ".venv.new-1").mkdir()


@pytest.mark.parametrize(
    "damage",
    [remove_stamp, truncate_stamp, remove_interpreter, empty_environment, stop_between_the_renames],
)
def test_half_made_environment_is_noticed_and_mended(
    house: Path, supplies: Supplies, damage: Callable[[Path], None]
) -> None:
    damage(house)

    assert start(house / "tinyscheduler", environment=supplies.environment).returncode == 0
    assert told(start(house / "tinyscheduler", environment={}))["home"] == str(house)
    assert litter_in(house) == []


def test_removed_interpreter_is_replaced_by_another(house: Path, supplies: Supplies, tmp_path: Path) -> None:
    """As in a system upgrade: the old Python goes away, another one is there."""
    first = make_python_without_ensurepip(tmp_path / "first")
    (house / ".venv/built-from").unlink()
    environment = supplies.environment | {"PATH": f"{first}:/usr/bin:/bin"}
    assert start(house / "tinyscheduler", environment=environment).returncode == 0
    shutil.rmtree(tmp_path / "first")

    assert start(house / "tinyscheduler", environment=supplies.environment).returncode == 0
    facts = told(start(house / "tinyscheduler", environment={}))
    assert facts["executable"].startswith(str(supplies.interpreter))


def test_starts_at_the_same_moment_make_one_environment(bare_house: Path, supplies: Supplies) -> None:
    starts = [
        subprocess.Popen(
            bare_house / "tinyscheduler",
            env=supplies.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    words = [process.communicate(timeout=LIMIT_S)[1] for process in starts]

    assert [process.returncode for process in starts] == [0] * 4
    assert sum("is ready" in text for text in words) == 1
    assert any("waiting at most" in text for text in words)
    assert litter_in(bare_house) == []


@contextlib.contextmanager
def hanging_setup(
    house: Path, supplies: Supplies, folder: Path
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start a set-up whose installer hangs; yield the launcher and the id of the set-up's process."""
    note = folder / "set-up.pid"
    programs = add_program(folder / "hanging", "uv", f'echo $PPID >"{note}"; exec sleep 60')
    process = subprocess.Popen(
        house / "tinyscheduler",
        env=supplies.environment | {"PATH": f"{programs}:{supplies.environment['PATH']}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        wait_until(lambda: note.exists() and note.read_text().endswith("\n"), "the installer", LIMIT_S)
        yield process, int(note.read_text())
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(LIMIT_S)


def test_killed_setup_does_not_wedge_the_next(bare_house: Path, supplies: Supplies, tmp_path: Path) -> None:
    """Its installer lives on and keeps a folder of its own busy; nobody waits for it."""
    with hanging_setup(bare_house, supplies, tmp_path) as (process, setup_pid):
        os.kill(setup_pid, signal.SIGKILL)
        assert process.wait(LIMIT_S) != 0

        next_start = start(bare_house / "tinyscheduler", environment=supplies.environment)

    assert next_start.returncode == 0
    assert "waiting" not in next_start.stderr
    assert litter_in(bare_house) == []


def test_terminated_setup_leaves_nothing(bare_house: Path, supplies: Supplies, tmp_path: Path) -> None:
    with hanging_setup(bare_house, supplies, tmp_path) as (process, setup_pid):
        os.kill(setup_pid, signal.SIGTERM)

        assert process.wait(LIMIT_S) == 128 + signal.SIGTERM
        assert is_gone_in_time(process.pid)

    assert not (bare_house / ".venv").exists()
    assert litter_in(bare_house) == []


def is_gone_in_time(group: int) -> bool:
    """Whether nobody of a process group is left. A zombie is dead: some machines take a minute to reap those
    whose parent has left."""
    return comes_true(lambda: not living_in(group), LIMIT_S)


def living_in(group: int) -> list[int]:
    found = []
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        with contextlib.suppress(OSError):
            state, _, of_group = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:3]
            found += [pid] if int(of_group) == group and state not in "ZX" else []
    return found


def test_waiting_for_another_setup_has_a_limit(bare_house: Path, supplies: Supplies, tmp_path: Path) -> None:
    script = bare_house / "tools/environment.py"
    script.write_text(re.sub(r"WAIT_LIMIT_S = \d+", "WAIT_LIMIT_S = 0", script.read_text()))

    with hanging_setup(bare_house, supplies, tmp_path):
        finished = start(bare_house / "tinyscheduler", environment=supplies.environment)

    assert (finished.returncode, finished.stdout) == (75, "")
    assert "still being made by another process" in finished.stderr
