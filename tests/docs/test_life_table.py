"""The table in the protocol is the one that the program goes by."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_life_of_a_lease_is_what_the_planner_says(repo_root: Path) -> None:
    checked = subprocess.run(
        [sys.executable, repo_root / "tools" / "life_docs.py", "--check"],
        env={"PYTHONPATH": str(repo_root / "src")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, f"run .venv-dev/bin/python tools/life_docs.py\n{checked.stderr}"
