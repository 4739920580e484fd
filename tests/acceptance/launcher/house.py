"""A small house around the real launcher: real scripts, a real set-up, a program that tells what it sees.

Its one library is a wheel made on the spot, so that a set-up takes a second and needs no network. Its
interpreter is a whole Python without ``ensurepip``, as Debian has it, so that every set-up proves that
none is needed.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

PROGRAM = """\
import json, os, sys
from tinyscheduler import part
import tinylib
print(json.dumps({
    "argv": sys.argv[1:], "home": os.environ["TINYSCHEDULER_HOME"], "cwd": os.getcwd(),
    "environment": dict(os.environ), "stdin": sys.stdin.read(),
    "library": tinylib.VERSION, "files": [part.__file__, tinylib.__file__],
    "executable": os.path.realpath(sys.executable), "encoding": sys.stdout.encoding,
}))
sys.exit(int(os.environ.get("EXIT_WITH", "0")))
"""

# A set-up takes two seconds here; a busy machine may need ten times that.
LIMIT_S = 40


class Supplies(NamedTuple):
    """What houses are built from."""

    repository: Path
    wheels: Path
    interpreter: Path  # the folder with python3 in it

    @property
    def environment(self) -> dict[str, str]:
        """The least that a set-up without network needs; nothing of this machine's pip settings."""
        return {
            "PATH": f"{self.interpreter}:/usr/bin:/bin",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
        }


def gather_supplies(repository: Path, folder: Path) -> Supplies:
    """Make the wheels and the interpreter."""
    wheels = folder / "wheels"
    wheels.mkdir()
    for version in ("1.0", "2.0"):
        make_wheel(wheels, version)
    return Supplies(repository, wheels, make_python_without_ensurepip(folder / "python"))


def make_wheel(wheels: Path, version: str) -> None:
    """Make a wheel with one module."""
    info = f"tinylib-{version}.dist-info"
    with zipfile.ZipFile(wheels / f"tinylib-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tinylib.py", f"VERSION = '{version}'\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tinylib\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/entry_points.txt", "[console_scripts]\ntinylib = tinylib:main\n")
        wheel.writestr(f"{info}/RECORD", "")


def make_python_without_ensurepip(prefix: Path) -> Path:
    """Copy this interpreter and link its library, all but ensurepip; return the folder of python3."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    library = prefix / "lib" / version
    library.mkdir(parents=True)
    for entry in Path(os.__file__).parent.iterdir():
        if entry.name not in {"ensurepip", "site-packages", "dist-packages"}:
            (library / entry.name).symlink_to(entry)
    programs = prefix / "bin"
    programs.mkdir()
    shutil.copy2(Path(sys.executable).resolve(), programs / version)
    (programs / "python3").symlink_to(version)
    return programs


def build_house(folder: Path, supplies: Supplies) -> Path:
    """Put the launcher and what it uses into a new folder; nothing is set up yet."""
    folder.mkdir(parents=True)
    shutil.copy2(supplies.repository / "tinyscheduler", folder)
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("tools", "vendor"):
        shutil.copytree(supplies.repository / name, folder / name, ignore=ignored)
    package = folder / "src" / "tinyscheduler"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "part.py").touch()
    (package / "__main__.py").write_text(PROGRAM)
    write_lock(folder, supplies, "1.0")
    return folder


def write_lock(house: Path, supplies: Supplies, version: str) -> None:
    """Lock the house to one version of its library."""
    wheel = supplies.wheels / f"tinylib-{version}-py3-none-any.whl"
    pins = f"tinylib=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"
    digest = hashlib.sha256(pins.encode()).hexdigest()
    (house / "requirements.lock").write_text(f"# sha256 of the lines below: {digest}\n{pins}")


def add_program(folder: Path, name: str, script: str) -> Path:
    """Put a shell script on a search path of its own; return the folder."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return folder


def start(
    launcher: Path,
    *arguments: str,
    environment: Mapping[str, str],
    cwd: Path | None = None,
    given: str = "",
    limit_s: float = LIMIT_S,
) -> subprocess.CompletedProcess[str]:
    """Run the launcher to its end, with this text on its standard input."""
    return subprocess.run(
        [launcher, *arguments],
        env=environment,
        cwd=cwd,
        input=given,
        timeout=limit_s,
        capture_output=True,
        text=True,
        check=False,
    )


def told(finished: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return what the program saw, once it is sure that it ran well and was the only one to print."""
    assert (finished.returncode, finished.stderr) == (0, "")
    facts: dict[str, Any] = json.loads(finished.stdout)
    return facts


def litter_in(house: Path) -> list[str]:
    """Return what a set-up has left beside the environment and its lock."""
    return sorted({path.name for path in house.glob(".venv*")} - {".venv", ".venv.lock"})
