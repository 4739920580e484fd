"""A month later: what is over has gone by itself, what is not has stayed (law 10; features A9)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta

from tests.acceptance.disk import Json
from tests.acceptance.past import LONG_AGO
from tests.acceptance.scene import Scene
from tests.integration.commands import an_agent

MakeScene = Callable[..., Scene]


def a_month_goes_by(scene: Scene) -> None:
    """All that lies there is old, the task that was completed too; the last sweep was yesterday."""
    at = datetime.fromisoformat(LONG_AGO).timestamp()
    for part in ("runs", "ledger"):
        for folder, _, names in os.walk(scene.state / part):
            for path in (*(os.path.join(folder, name) for name in names), folder):
                os.utime(path, (at, at))
    with closing(sqlite3.connect(scene.state / "tasks.db")) as store, store:
        store.execute("UPDATE tasks SET updated_at = ? WHERE status = 'complete'", (LONG_AGO,))
    a_day_goes_by(scene)


def a_day_goes_by(scene: Scene) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    (scene.state / "cache" / "swept").write_text(f"{yesterday:%Y%m%d}")


def swept(scene: Scene) -> list[Json]:
    """What each sweep has removed, oldest first."""
    facts = scene.disk.events("old_files_swept")
    return [{kind: fact[kind] for kind in ("ledger", "run") if kind in fact} for fact in facts]


def test_a_month_later_only_what_is_over_is_gone(a_scene: MakeScene) -> None:
    scene = a_scene(an_agent("dev-1", slots=2, script='[ "$TINYSCHEDULER_TASK_ID" = 1 ]'))
    done, failed = scene.seed(2)
    scene.once()
    scene.wait_for_rest()
    scene.configure(ENABLED="false")
    assert (scene.disk.outcomes(done), scene.disk.outcomes(failed)) == (["succeeded"], ["failed"])

    a_month_goes_by(scene)
    scene.once()

    assert swept(scene) == [{"ledger": 1}]
    assert scene.disk.outcomes(done) == []
    assert scene.disk.outcomes(failed) == ["failed"]

    a_day_goes_by(scene)
    scene.once()

    assert swept(scene) == [{"ledger": 1}, {"run": 1}]
    assert [path.name for path in (scene.state / "runs").iterdir()] == [f"task_{failed}"]
