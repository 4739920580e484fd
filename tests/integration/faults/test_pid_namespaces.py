"""A writer and a sweep that cannot see each other: what one of them has begun is no litter to the other."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.rigs.tools import own_pids
from tests.unit.state_folder.folders import a_folder

SOURCE = Path(__file__).resolve().parents[3] / "src"
WRITER = """
import sys
sys.path.insert(0, sys.argv[1])
from tinyscheduler.kit import files
print(files.put_beside(sys.argv[2], b"half"), flush=True)
sys.stdin.read()
"""


@contextmanager
def writing(path: Path, *prefix: str) -> Iterator[Path]:
    """Somebody who is between the temp file and its rename."""
    argv = [*prefix, sys.executable, "-I", "-c", WRITER, str(SOURCE), str(path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        try:
            yield Path(writer.stdout.readline().strip())
        finally:
            writer.stdin.close()


@pytest.mark.parametrize("is_elsewhere", [True, False], ids=["elsewhere", "here"])
def test_half_a_file_of_a_living_writer_is_kept_whose_pids_are_others(
    tmp_path: Path, is_elsewhere: bool
) -> None:
    """Its pid is nobody's here, or a stranger's."""
    prefix = own_pids() if is_elsewhere else ()
    root = tmp_path / "state"
    a_folder(root).open()

    with writing(root / "running" / "task_1.json", *prefix) as half:
        a_folder(root).open()
        kept = half.exists()

    assert kept
    a_folder(root).open()
    assert half.exists() == is_elsewhere, "of the dead who were here nothing is left"
    assert os.listdir(root / "running") == ([half.name] if is_elsewhere else [])
