"""No containment at all: the processes of a run are found by group and tag alone."""

from tinyscheduler.model.lease import Rung
from tinyscheduler.ports import Enclosure


class OpenField:
    """``ports.Containment`` for a wrapper that runs inside the process of a test, whose children are
    not all the wrapper's."""

    def plan(self, name: str, best: Rung) -> Enclosure:
        return Enclosure("group")

    def enter(self, plan: Enclosure) -> Enclosure:
        return plan

    def leave(self) -> None:
        return

    def inherits_orphans(self) -> bool:
        return False

    def close(self) -> None:
        return
