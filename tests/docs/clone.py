"""A clone as a reader has it: the launcher, the program, the examples; set up, with nothing of this machine.

Its environment is made by hand from the libraries of the one that runs the tests, because setting up
for real takes a minute and is what ``tests/acceptance/launcher`` proves.
"""

import os
import shutil
import sys
import sysconfig
from pathlib import Path

from tests.integration.commands import NO_PRESSURE

LEFT_OUT = ("tests", "bench", "build", "dist", ".*", "tinyscheduler.toml")
"""Bytecode goes along: it is found fresh by the times of its sources, which are copied as well."""


def make_clone(repository: Path, folder: Path) -> Path:
    """Return a copy of the repository below ``folder`` that starts at once."""
    clone = folder / "agents"
    shutil.copytree(repository, clone, ignore=_ignored, symlinks=True)
    (clone / "state").mkdir(exist_ok=True)
    (clone / "tinyscheduler.toml").write_text(NO_PRESSURE)
    _make_environment(clone)
    return clone


def environment_of(folder: Path) -> dict[str, str]:
    """Return what cron hands over."""
    return {"HOME": str(folder), "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "LOGNAME": "agents"}


def _ignored(folder: str, names: list[str]) -> set[str]:
    if os.path.basename(folder) == "state":
        return set(names)
    return shutil.ignore_patterns(*LEFT_OUT)(folder, names)


def _make_environment(clone: Path) -> None:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    environment = clone / ".venv"
    libraries = environment / "lib" / version / "site-packages"
    libraries.mkdir(parents=True)
    (libraries / "clone.pth").write_text(f"{clone}/src\n{sysconfig.get_paths()['purelib']}\n")
    (environment / "bin").mkdir()
    python = Path(os.path.realpath(sys.executable))
    (environment / "bin" / "python").symlink_to(python)
    (environment / "pyvenv.cfg").write_text(f"home = {python.parent}\ninclude-system-site-packages = false\n")
    with open(clone / "requirements.lock", encoding="utf-8") as lock:
        (environment / "built-from").write_text(lock.readline())
