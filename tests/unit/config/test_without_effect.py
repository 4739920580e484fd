"""Settings that are right, each by itself, and come to nothing together: noted, since nobody would see it."""

from __future__ import annotations

import pytest

from tests.unit.config.control_files import control, one


def notes_of(desk, table: str = "", **settings: str) -> tuple[str, ...]:
    desk.write("tinyscheduler.toml", table)
    return tuple(desk.load(**settings).notes)


def test_limit_of_an_account_that_nobody_has_is_noted_with_a_suggestion(desk):
    control(desk, one(maxConcurrency=1, account="real"))

    assert notes_of(desk, ACCOUNT_LIMITS="rael:1,real:2") == (
        "ACCOUNT_LIMITS names rael, an account that no agent has, did you mean real?",
    )


def test_standstill_is_noted(desk):
    control(desk, one(maxConcurrency=1))

    assert notes_of(desk, MAX_PARALLEL="0") == ("MAX_PARALLEL is 0, so nothing will be started",)


@pytest.mark.parametrize(
    ("table", "settings", "noted"),
    [
        ("[bands]\nenabled = true\n", {}, []),
        (
            "[bands]\nenabled = true\n",
            {"DISABLE_BLOCKING": "true"},
            ["DISABLE_BLOCKING keeps the task server's order within a band only, because [bands] take turns"],
        ),
        ("", {"DISABLE_BLOCKING": "true"}, []),
        (
            "[ageing]\ninterval_min = 5\n",
            {"DISABLE_BLOCKING": "true"},
            ["[ageing] interval_min does nothing while DISABLE_BLOCKING is set"],
        ),
        (
            "[ageing]\nenabled = false\noverdue_hours = 1\n",
            {},
            ["[ageing] overdue_hours does nothing while [ageing] enabled is false"],
        ),
        ("[ageing]\nenabled = false\noverdue_hours = 0\n", {}, []),
        ("[ageing]\nenabled = false\n", {}, []),
        ("[ageing]\noverdue_hours = 1\n", {}, []),
    ],
)
def test_order_that_is_not_kept_is_noted(desk, table, settings, noted):
    control(desk, one(maxConcurrency=1))

    assert list(notes_of(desk, table, **settings)) == noted
