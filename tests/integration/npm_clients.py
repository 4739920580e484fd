"""Clients in JavaScript, for tests: installed from the npm registry into ``build/``, as
``npm/package-lock.json`` says. Without node, npm or a network their tests are skipped and say so.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from filelock import FileLock

from tests.contract.task_server.serving import ROOT

SOURCE = Path(__file__).parent / "npm"
INSTALL_LIMIT_S = 240
TALK_LIMIT_S = 100
NODE_MIN = 20


def installed() -> Path:
    """A folder with all of them and our programs; made once for each lock file."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("there is no node or no npm on this machine")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").partition(".")[0]) < NODE_MIN:
        pytest.skip(f"node {version.strip()} is older than {NODE_MIN}")
    digest = hashlib.sha256((SOURCE / "package-lock.json").read_bytes()).hexdigest()[:12]
    folder = ROOT / "build" / f"npm-clients-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock"), timeout=INSTALL_LIMIT_S):
        if not (folder / "whole").exists():
            _install(folder)
        for program in SOURCE.glob("*.mjs"):
            copy = folder / program.name
            if not copy.exists() or copy.read_bytes() != program.read_bytes():
                shutil.copy(program, copy)
    return folder


def _install(folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(SOURCE / name, folder)
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
    try:
        done = subprocess.run(
            ["npm", "ci", *options],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=INSTALL_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("the npm registry does not answer in time")
    if done.returncode != 0:
        pytest.skip(f"npm cannot install the clients: {done.stderr.strip().splitlines()[-1:]}")
    (folder / "whole").touch()


def node(
    clients: Path, *arguments: str, env: dict[str, str] | None = None, given: str = ""
) -> dict[str, object]:
    """What a program of JavaScript says: one JSON object. ``given`` is what it reads from its stdin."""
    done = subprocess.run(
        ["node", *arguments],
        cwd=clients,
        env=env or dict(os.environ),
        input=given,
        capture_output=True,
        text=True,
        timeout=TALK_LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found
