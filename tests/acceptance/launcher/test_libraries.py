"""Where the libraries come from: the locked files and no others, by uv or by the carried pip."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.launcher.house import Supplies, add_program, litter_in, start, told, write_lock


def test_lock_file_changed_by_hand_is_refused(house: Path, supplies: Supplies) -> None:
    lock_file = house / "requirements.lock"
    lock_file.write_text(lock_file.read_text().replace("lines below: ", "lines below: 0"))

    finished = start(house / "tinyscheduler", environment=supplies.environment)

    assert (finished.returncode, finished.stdout) == (2, "")
    assert "To mend: git checkout requirements.lock" in finished.stderr


def test_missing_network_is_said_and_leaves_nothing(bare_house: Path, supplies: Supplies) -> None:
    # Port 9 of this machine: nobody listens there.
    dead = {
        "PIP_NO_INDEX": "0",
        "PIP_INDEX_URL": "http://127.0.0.1:9/",
        "PIP_RETRIES": "0",
        "PIP_FIND_LINKS": "",
    }

    finished = start(bare_house / "tinyscheduler", environment=supplies.environment | dead)

    assert (finished.returncode, finished.stdout) == (2, "")
    assert "the libraries could not be installed; nothing was changed." in finished.stderr
    assert "To mend: check the network" in finished.stderr
    assert not (bare_house / ".venv").exists()
    assert litter_in(bare_house) == []


def test_file_with_another_hash_is_not_installed(house: Path, supplies: Supplies, tmp_path: Path) -> None:
    """And the environment that was there is still there, for going back to the old lock file."""
    tampered = Path(shutil.copytree(supplies.wheels, tmp_path / "wheels"))
    shutil.copy(tampered / "tinylib-1.0-py3-none-any.whl", tampered / "tinylib-2.0-py3-none-any.whl")
    old_lock = (house / "requirements.lock").read_text()
    write_lock(house, supplies, "2.0")

    finished = start(
        house / "tinyscheduler", environment=supplies.environment | {"PIP_FIND_LINKS": str(tampered)}
    )
    (house / "requirements.lock").write_text(old_lock)

    assert finished.returncode == 2
    assert "DO NOT MATCH THE HASHES" in finished.stderr
    assert told(start(house / "tinyscheduler", environment={}))["library"] == "1.0"


def test_uv_is_used_where_there_is_one(bare_house: Path, supplies: Supplies, tmp_path: Path) -> None:
    """A uv that notes how it was called and lets the carried pip do the work."""
    note = tmp_path / "called"
    pip = next(bare_house.glob("vendor/pip-*.whl")) / "pip"
    script = f'echo "$*" >"{note}"; python=$5; shift 5; exec "$python" "{pip}" install "$@"'
    programs = add_program(tmp_path / "programs", "uv", script)
    environment = supplies.environment | {"PATH": f"{programs}:{supplies.environment['PATH']}"}

    finished = start(bare_house / "tinyscheduler", environment=environment)

    assert finished.returncode == 0, finished.stderr
    assert "with uv" in finished.stderr
    assert "with pip" not in finished.stderr
    assert "--require-hashes --only-binary :all: --no-deps" in note.read_text()


def test_pip_has_the_last_word_when_uv_fails(bare_house: Path, supplies: Supplies, tmp_path: Path) -> None:
    programs = add_program(tmp_path / "programs", "uv", "echo no such index; exit 3")
    environment = supplies.environment | {"PATH": f"{programs}:{supplies.environment['PATH']}"}

    finished = start(bare_house / "tinyscheduler", environment=environment)

    assert finished.returncode == 0
    assert "uv failed with code 3:\n    no such index" in finished.stderr


def test_newer_python_is_found_behind_an_old_one(
    bare_house: Path, supplies: Supplies, tmp_path: Path
) -> None:
    programs = add_program(tmp_path / "programs", "python3", "exit 1")
    (programs / "python3.11").symlink_to(supplies.interpreter / "python3")
    environment = supplies.environment | {"PATH": f"{programs}:/usr/bin:/bin"}

    assert start(bare_house / "tinyscheduler", environment=environment).returncode == 0


def test_missing_python_is_said_with_a_remedy(bare_house: Path, tmp_path: Path) -> None:
    (tmp_path / "sh").symlink_to("/bin/sh")

    finished = start(bare_house / "tinyscheduler", environment={"PATH": str(tmp_path)})

    assert (finished.returncode, finished.stdout) == (2, "")
    assert "To mend: install one" in finished.stderr


def test_unwritable_folder_is_said_with_a_remedy(bare_house: Path, supplies: Supplies) -> None:
    """A folder in the place of the lock: the one fault of this kind that binds root as well."""
    (bare_house / ".venv.lock").mkdir()

    finished = start(bare_house / "tinyscheduler", environment=supplies.environment)

    assert (finished.returncode, finished.stdout) == (2, "")
    assert "To mend: check the disk and who owns the folder" in finished.stderr


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_lock_files_are_true_and_name_no_index(repo_root: Path, name: str) -> None:
    """The launcher trusts the first line."""
    first, _, pins = (repo_root / name).read_text().partition("\n")

    assert first == f"# sha256 of the lines below: {hashlib.sha256(pins.encode()).hexdigest()}"
    assert "://" not in pins
    assert "--index" not in pins


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_fresh_clone_gets_all_libraries(repo_root: Path, tmp_path: Path) -> None:
    """The real lock file, as on the first day; the one test that needs the network or pip's cache."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=repo_root,
        check=True,
        capture_output=True,
        text=True,
    )
    clone = tmp_path / "clone"
    for name in filter(None, listed.stdout.split("\0")):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(repo_root / name, clone / name)
    (clone / "src/tinyscheduler/__main__.py").write_text(
        "import filelock, httpx, mcp, psutil, pydantic_settings, rich, starlette, uvicorn\n"
    )

    first = start(clone / "tinyscheduler", environment=os.environ, limit_s=280)
    second = start(clone / "tinyscheduler", environment={})

    assert first.returncode == 0, first.stderr
    assert (second.returncode, second.stderr) == (0, "")
