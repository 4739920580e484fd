"""Write requirements.lock (run time) and requirements-dev.lock (run time and development).

Usage: make lock, or make lock LOCK_FLAGS=--upgrade to move to newer versions. What is locked
already stays, so an added library does not bring unasked upgrades with it.

The locks hold for every CPython that pyproject.toml allows and for Linux on any processor. No
index is named in them: where packages come from is the business of the machine, what they
contain is fixed by the hashes.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from environment import ROOT, digest_line


def main(flags: list[str]) -> int:
    """Lock both sets, the second one bound to the versions of the first."""
    with tempfile.TemporaryDirectory() as scratch:
        compile_pins = [find_uv(scratch), "pip", "compile", "--universal", "--generate-hashes", *flags]
        compile_pins += ["--no-header", "--no-emit-index-url", "--annotation-style", "line", "--quiet"]
        run_time = ROOT / "requirements.lock"
        lock(run_time, compile_pins)
        lock(ROOT / "requirements-dev.lock", [*compile_pins, "--group", "dev", "--constraint", run_time.name])
    return 0


def find_uv(scratch: str) -> str:
    """Return uv's path; without one, install it into the scratch folder with the pip we carry."""
    if uv := shutil.which("uv"):
        return uv
    [wheel] = (ROOT / "vendor").glob("pip-*.whl")
    command = [sys.executable, f"{wheel}/pip", "install", "--quiet", "--target", scratch, "uv"]
    subprocess.run(command, check=True)
    return os.path.join(scratch, "bin", "uv")


def lock(lock_file: Path, compile_pins: list[str]) -> None:
    """Write one lock file; its first line is the digest by which the launcher knows it."""
    subprocess.run([*compile_pins, "pyproject.toml", "--output-file", lock_file.name], cwd=ROOT, check=True)
    lines = lock_file.read_text(encoding="utf-8").splitlines(keepends=True)
    pins = "".join(line for line in lines if not line.startswith("#"))
    lock_file.write_text(f"{digest_line(pins)}\n{pins}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
