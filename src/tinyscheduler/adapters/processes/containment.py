"""``ports.Containment``: what keeps the processes of one run together (features B8, ADR 0042).

For a wrapper: a rung of the ladder is chosen before the agent is there, so that no process of the
agent is ever outside. Each rung includes those below it.
"""

from __future__ import annotations

import os

from tinyscheduler.adapters.processes import cgroups
from tinyscheduler.kit.marks import mark_of, wear
from tinyscheduler.model.lease import Rung
from tinyscheduler.ports import Enclosure


class WrapperContainment:
    """Of this process and what it starts."""

    def __init__(self) -> None:
        self._inherits = False
        self._mark: int | None = None
        self._mark_before: int | None = None
        self._home: str | None = None
        """Folder of the cgroup to go back to."""
        self._own: str | None = None
        self._made: str | None = None
        """The cgroup that this object has made, and removes."""

    def plan(self, name: str, best: Rung) -> Enclosure:
        """The best rung that looks possible; see the port."""
        self._mark = mark_of(name)
        if best == "group":
            return Enclosure("group")
        paths = cgroups.own_paths()
        if any(path.endswith(f"/{name}.scope") for path in paths.values()):
            return Enclosure("scope", paths.get("", ""))
        mount, own = cgroups.mount_point(), paths.get("")
        if best != "subreaper" and mount is not None and own is not None:
            home = cgroups.home_of(own)
            if os.access(f"{mount}{home}", os.W_OK):
                self._home, self._own = f"{mount}{home}", f"{mount}{own}"
                return Enclosure("cgroup", f"{home.rstrip('/')}/{name}")
        return Enclosure("subreaper")

    def enter(self, plan: Enclosure) -> Enclosure:
        """What it came to be: the plan, or a lower rung. On each of them its processes are marked."""
        self._mark_before = wear(self._mark)
        inherits = plan.rung != "group" and self._inherit()
        if plan.rung == "cgroup" and not self._enter(plan.cgroup):
            plan = Enclosure("subreaper")
        return Enclosure("group") if plan.rung == "subreaper" and not inherits else plan

    def leave(self) -> None:
        """Out of the cgroup, where only the agent's processes are to be."""
        wear(self._mark_before)
        if self._made is None:
            return
        for folder in (self._home, self._own):
            try:
                cgroups.move_here(str(folder))
            except OSError:
                # Refused where that group hands out resources. Inside we do no harm: a tree never
                # contains the process that asks for it.
                continue
            return

    def inherits_orphans(self) -> bool:
        """Descendants whose parent ends become children of this process."""
        return self._inherits

    def close(self) -> None:
        """The tree is gone: remove the cgroup, inherit nobody any more."""
        if self._made is not None:
            self.leave()
            cgroups.remove(self._made)
        if self._inherits:
            from tinyscheduler.kit.system_calls import inherit_orphans

            # It would outlive the exec by which a wrapper becomes a pass.
            inherit_orphans(False)
            self._inherits = False

    def _inherit(self) -> bool:
        from tinyscheduler.kit.system_calls import inherit_orphans

        try:
            inherit_orphans(True)
        except OSError:
            # A sandbox may forbid it; the next rung does without.
            return False
        self._inherits = True
        return True

    def _enter(self, cgroup: str) -> bool:
        folder = f"{cgroups.mount_point()}{cgroup}"
        try:
            os.mkdir(folder)
        except OSError:
            # Also where it exists: each run has a name of its own, so somebody else has made it, and who is
            # in there would be ended with the run.
            return False
        self._made = cgroup
        try:
            cgroups.move_here(folder)
        except OSError:
            # Not delegated to this user, or a controller forbids it.
            cgroups.remove(cgroup)
            self._made = None
            return False
        return True
