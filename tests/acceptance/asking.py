"""Scenes in which somebody asks the next pass for something."""

from __future__ import annotations

import os
from collections.abc import Callable

from tests.acceptance.scene import Scene, gated

MakeScene = Callable[..., Scene]


def a_running_scene(a_scene: MakeScene, count: int = 1, **agent: object) -> Scene:
    """Tasks 1 to ``count``, and an agent at work on each."""
    scene = a_scene(gated("dev-1", slots=count, **agent))  # type: ignore[arg-type]
    scene.seed(count)
    scene.once()
    scene.wait_for_running(*(str(number) for number in range(1, count + 1)))
    return scene


def intents(scene: Scene) -> list[str]:
    folder = scene.state / "intents"
    return sorted(os.listdir(folder)) if folder.exists() else []


def parked(scene: Scene, task_id: str = "1") -> object:
    found = scene.disk.ledger(task_id)["parked"]
    return found and found["why"]  # type: ignore[index]
