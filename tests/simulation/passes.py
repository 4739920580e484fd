"""Passes as processes: from cron, or what a wrapper becomes."""

from __future__ import annotations

from tests.simulation.body import Body, Killed
from tests.simulation.house import Machine
from tests.simulation.ports import world_of
from tinyscheduler.reconcile.report import Report
from tinyscheduler.reconcile.run import run_once


class Pass(Body):
    """``run --once``."""

    kind = "pass"


def cron(machine: Machine) -> Report | None:
    """One pass in a process of its own; None: it did not live to its end."""
    return run_pass(Pass(machine, machine.table.spawn(None)))


def run_pass(body: Body) -> Report | None:
    """This process is a pass from here on, and then ends."""
    house = body.house
    house.count("pass")
    house.steps += 1
    house.tell(body.name, "runs a pass")
    try:
        report = run_once((house.world_of or world_of)(body))
    except Killed:
        return None
    house.tell(body.name, f"ends its pass: exit {report.exit_code}")
    body.end()
    return report
