"""Plans as text: what strangers have written cannot move a cursor."""

from __future__ import annotations

from tests import builders as b
from tinyscheduler.model.action import StartPlan
from tinyscheduler.model.reason import Held
from tinyscheduler.views.plan import plan_text


def test_names_of_strangers_in_a_reason_are_plain_text() -> None:
    held = Held(b.a_task().id, "not_ours", "assigned to x\x1b[31m\u202ey\nheld task 9", lever="ask \x9b2J")

    text = plan_text((), StartPlan((), (held,)), ())

    assert text.count("\n") == 1
    assert text.rstrip("\n").isprintable()
    assert "assigned to x" in text
