"""A machine that is as busy as a test says."""

from __future__ import annotations

from tinyscheduler.model.machine import NOT_LOOKED_AT, MachineState


class FakeGauge:
    """``ports.Gauge``."""

    def __init__(self) -> None:
        self.state: MachineState = NOT_LOOKED_AT

    def read(self) -> MachineState:
        return self.state
