"""The unit files of docs/deployment: accepted by systemd, and in step with one another."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import read

SETS = ("system", "user")
UNITS = ("tinyscheduler.service", "tinyscheduler.timer", "tinyscheduler-daemon.service")


def folder_of(repo_root: Path, name: str) -> Path:
    return repo_root / "docs" / "deployment" / "systemd" / name


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("name", SETS)
def test_systemd_has_nothing_to_say_against_the_units(name: str, repo_root: Path, tmp_path: Path) -> None:
    """It exits with 0 on keys it does not know and only warns, so any word of it is a failure."""
    for unit in UNITS:
        text = read(folder_of(repo_root, name) / unit)
        # The program has to exist where the unit says.
        moved = text.replace("/opt/agents/", f"{repo_root}/").replace("%h/agents/", f"{repo_root}/")
        (tmp_path / unit).write_text(moved)

    verified = subprocess.run(
        ["systemd-analyze", "verify", f"--{name}", *(tmp_path / unit for unit in UNITS)],
        env={"PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("unit", ["tinyscheduler.service", "tinyscheduler-daemon.service"])
def test_no_unit_takes_its_agents_with_it(unit: str, name: str, repo_root: Path) -> None:
    """An agent started by a oneshot dies with it under the default, control-group."""
    lines = read(folder_of(repo_root, name) / unit).splitlines()

    assert "KillMode=process" in lines
    assert not [line for line in lines if line.startswith(("PrivateTmp", "RuntimeDirectory"))]


@pytest.mark.parametrize("unit", UNITS)
def test_units_of_a_user_differ_in_place_and_user_only(unit: str, repo_root: Path) -> None:
    system, user = (read(folder_of(repo_root, name) / unit).splitlines() for name in SETS)
    expected = [
        line.replace("/opt/agents/", "%h/agents/").replace("multi-user.target", "default.target")
        for line in system
        if not line.startswith("User=")
    ]

    assert user == expected
