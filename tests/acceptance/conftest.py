"""Scenes that leave nothing behind."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.program import NOBODY
from tests.acceptance.scene import Scene, scenes_in
from tests.integration.commands import an_agent

MakeScene = Callable[..., Scene]


@pytest.fixture
def a_scene(tmp_path: Path) -> Iterator[MakeScene]:
    """Make a scene: agents first, settings by name. Whatever becomes of the test, its processes end."""
    yield from scenes_in(tmp_path)


@pytest.fixture
def a_scene_of_nobody() -> Iterator[MakeScene]:
    """The same in a folder that other users can reach; pytest's own are closed to them."""
    if subprocess.run([*NOBODY, sys.executable, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip("nobody may run this interpreter")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield from scenes_in(Path(folder))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """All is well: task 1 is complete, and nothing runs. For commands that leave it so."""
    for make in scenes_in(tmp_path_factory.mktemp("well")):
        scene = make(an_agent("dev-1", script="echo hello"))
        scene.seed(1)
        scene.once()
        scene.wait_for_rest()
        yield scene
