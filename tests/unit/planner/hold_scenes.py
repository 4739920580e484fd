"""What the tests of held tasks share."""

from __future__ import annotations

from datetime import timedelta

from tests.builders import (
    NOW,
    a_task,
)

TASK = a_task()
LATER = NOW + timedelta(seconds=90)
