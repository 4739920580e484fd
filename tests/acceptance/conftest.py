"""Scenes that leave nothing behind."""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.scene import NOBODY, Scene

MakeScene = Callable[..., Scene]


def scenes_in(folder: Path) -> Iterator[MakeScene]:
    """One factory, and at the end no process of its scenes."""
    scenes: list[Scene] = []

    def make(*agents: dict[str, object], name: str = "base", **settings: object) -> Scene:
        scenes.append(Scene(folder / name, *agents, **settings))
        return scenes[-1]

    yield make
    for scene in scenes:
        scene.close()


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
