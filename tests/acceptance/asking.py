"""Scenes in which somebody asks the next pass for something."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from tests.acceptance.scene import Scene, gated

MakeScene = Callable[..., Scene]


def a_running_scene(a_scene: MakeScene, count: int = 1, **agent: Any) -> Scene:
    """Tasks 1 to ``count``, and an agent at work on each."""
    scene = a_scene(gated("dev-1", slots=count, **agent))
    scene.seed(count)
    scene.once()
    scene.wait_for_running(*(str(number) for number in range(1, count + 1)))
    return scene


def intents(scene: Scene) -> list[str]:
    folder = scene.state / "intents"
    return sorted(os.listdir(folder)) if folder.exists() else []


def parked(scene: Scene, task_id: str = "1") -> object:
    """Why it is; None: it is not."""
    found = scene.disk.ledger(task_id)["parked"]
    return found["why"] if isinstance(found, dict) else None
