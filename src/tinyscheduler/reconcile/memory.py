"""What this pass remembers of servers, agents and accounts, written down as it changes.

One object for a pass, because its steps change the same two files. Whoever only looks writes nothing:
without a report nothing is changed on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from tinyscheduler.errors import StateError
from tinyscheduler.model.agent import Agent
from tinyscheduler.model.breaker import CLOSED, Accounts, Breaker, Breakers, Quarantine
from tinyscheduler.model.event import Event
from tinyscheduler.model.ids import AgentName, LeaseId, TaskId
from tinyscheduler.model.lease import Lease
from tinyscheduler.planner import breakers as rules
from tinyscheduler.ports import AccountStore, BreakerStore, World
from tinyscheduler.reconcile.report import Report


class Memory:
    """``breakers.json`` and ``accounts.json`` for the length of one pass."""

    def __init__(self, world: World, report: Report | None = None) -> None:
        """``report`` None: only to look."""
        self._world = world
        self._report = report
        self.endpoint = world.configuration.connection.name
        self.breakers: Breakers = world.breakers.read()
        self.accounts: Accounts = world.accounts.read()
        for found, store in ((self.breakers, world.breakers), (self.accounts, world.accounts)):
            if found.trouble and report is not None:
                self._set_aside(found.trouble, store, report)
        self.hooks_s = 0.0
        """How long commands of the operator's have taken for their answers."""
        self._set_right()

    # --- the task server ---------------------------------------------------------------------

    def before_call(self) -> Breaker:
        """The breaker of our server; ``open``: it is not to be asked now."""
        return self._keep_breaker(rules.before_call(self._breaker(), self._world.clock.now()))

    def after_answer(self) -> None:
        """The server said something."""
        before = self._breaker()
        if before == CLOSED:
            return
        after = self._keep_breaker(rules.after_answer(before, self._world.clock.now()))
        if before.state != "closed" and after.state == "closed":
            self._note(Event("breaker_closed", reason=f"{self.endpoint} answers again"))

    def tasks_before(self, source: str) -> Mapping[TaskId, datetime]:
        """Tasks of this server that have run here, the last ones first. Raises StateError."""
        from tinyscheduler.reconcile.acquaintance import tasks_before

        return tasks_before(self._world, source)

    def after_failure(self, why: str) -> None:
        """It did not."""
        before = self._breaker()
        after = self._keep_breaker(rules.after_failure(before, self._world.clock.now(), why))
        if before.state != "open" and after.state == "open":
            self._note(Event("breaker_opened", reason=f"{self.endpoint}: {why}"))

    # --- agents ------------------------------------------------------------------------------

    def start_failed(self, agent: AgentName, lease_id: LeaseId, why: str) -> None:
        """Counted once for each lease_id. Raises StateError."""
        known = self.breakers.agents
        now, entry = self._world.clock.now(), self._entry(agent)
        after = rules.after_failed_start(known.get(agent), lease_id, now, why=why, entry=entry)
        if after == known.get(agent):
            return
        self._keep_agents({**known, agent: after})
        if after.until is not None:
            detail = (("until", f"{after.until:%Y-%m-%dT%H:%M:%SZ}"),)
            self._note(Event("agent_quarantined", agent=agent, reason=after.why, detail=detail))

    def started(self, agent: AgentName) -> None:
        """A run of it has proved that it can be started. Raises StateError."""
        if agent in self.breakers.agents:
            self._keep_agents({n: q for n, q in self.breakers.agents.items() if n != agent})

    def seen(self, leases: list[Lease]) -> None:
        """Runs at work prove it as well, before they have ended."""
        if self.breakers.agents:
            agents = rules.standing_quarantines(self.breakers.agents, tuple(leases))
            self._tell(lambda: self._keep_agents(agents))

    def try_again(self, agents: list[Agent]) -> None:
        """A person says that they are mended: the time of their quarantine, and of their account's
        limit, is up now, and one task tries. Raises StateError."""
        from tinyscheduler.planner.intent_effects import accounts_tried_again, breakers_tried_again

        now = self._world.clock.now()
        self._keep_agents(breakers_tried_again(self.breakers, agents, now).agents)
        accounts = accounts_tried_again(self.accounts, agents, now)
        if accounts != self.accounts:
            self._write_accounts(accounts)

    # --- accounts ----------------------------------------------------------------------------

    def settled(self, lease: Lease) -> None:
        """What the end of a run says of its agent and its account. Repeated, it changes nothing. Raises
        StateError."""
        assert lease.outcome is not None, "only a finished lease is settled"
        kind = lease.outcome.kind
        if kind == "start_failed":
            self.start_failed(lease.agent, lease.lease_id, lease.outcome.summary)
        elif rules.proves_start(kind):
            self.started(lease.agent)
        if kind == "rate_limited":
            self._limit(lease)
        else:
            self._lift(lease)

    def wait_s(self, agent: Agent) -> float:
        """Until one more start of the agent's account is in time; agents without an account are local
        commands and wait for nothing (features A8)."""
        if agent.account is None:
            return 0.0
        bucket = self.accounts.buckets.get(rules.account_of(agent))
        return rules.wait_for_start(bucket, self._world.clock.now())

    def count_start(self, agent: Agent) -> None:
        """One start is made. Written by ``keep_pace``, once for all of a pass."""
        if agent.account is None:
            return
        key, now = rules.account_of(agent), self._world.clock.now()
        buckets = self.accounts.buckets
        self.accounts = self.accounts._replace(
            buckets={**buckets, key: rules.after_start(buckets.get(key), now)}
        )

    def keep_pace(self) -> None:
        """Write down how many starts each account has made; what is rested is forgotten."""
        now = self._world.clock.now()
        buckets = {k: b for k, b in self.accounts.buckets.items() if not rules.is_rested(b, now)}
        if buckets or self.accounts.buckets:
            self._tell(lambda: self._write_accounts(self.accounts._replace(buckets=buckets)))

    def _entry(self, name: AgentName) -> str:
        found = (agent for agent in self._world.configuration.agents if agent.name == name)
        return next(map(rules.entry_mark, found), "")

    # --- inside ------------------------------------------------------------------------------

    def _set_right(self) -> None:
        """What was noted by a clock that was ahead would last until that clock's time comes; and whoever has
        mended an agent's entry wants to see it work."""
        now, agents, limits = self._world.clock.now(), self.breakers.agents, self.accounts.limits
        if agents:
            left = rules.unmended_quarantines(agents, self._world.configuration.agents)
            right = {name: rules.quarantine_set_right(found, now) for name, found in left.items()}
            self._tell(lambda: self._keep_agents(right))
        if any(limit.since > now for limit in limits.values()):
            ours = {key: rules.limit_set_right(found, now) for key, found in limits.items()}
            self._tell(lambda: self._write_accounts(self.accounts._replace(limits=ours)))

    def _breaker(self) -> Breaker:
        return self.breakers.servers.get(self.endpoint, CLOSED)

    def _keep_breaker(self, breaker: Breaker) -> Breaker:
        others = {e: b for e, b in self.breakers.servers.items() if e != self.endpoint}
        servers = others if breaker == CLOSED else {**others, self.endpoint: breaker}
        if servers != self.breakers.servers:
            # Told and not raised: whoever asks the server has other things to finish.
            self._tell(lambda: self._write_breakers(self.breakers._replace(servers=servers)))
        return breaker

    def _keep_agents(self, agents: Mapping[AgentName, Quarantine]) -> None:
        if agents != self.breakers.agents:
            self._write_breakers(self.breakers._replace(agents=agents))

    def _limit(self, lease: Lease) -> None:
        assert lease.outcome is not None, "checked by the caller"
        key, limits = rules.account_of_run(lease), self.accounts.limits
        before = limits.get(key)
        after = rules.after_limit(before, lease, lease.outcome)
        if after == before:
            return
        self._write_accounts(self.accounts._replace(limits={**limits, key: after}))
        if before is None or lease.created_at >= before.until:
            reason = f"{rules.account_name(key)} is at its provider's limit"
            detail = (("account", key), ("until", f"{after.until:%Y-%m-%dT%H:%M:%SZ}"))
            self._note(
                Event("account_limited", lease.task_id, agent=lease.agent, reason=reason, detail=detail)
            )

    def _lift(self, lease: Lease) -> None:
        assert lease.outcome is not None, "checked by the caller"
        key, limits = rules.account_of_run(lease), self.accounts.limits
        limit = limits.get(key)
        if limit is not None and rules.lifts_limit(limit, lease, lease.outcome.kind):
            self._write_accounts(self.accounts._replace(limits={k: v for k, v in limits.items() if k != key}))

    def _write_breakers(self, breakers: Breakers) -> None:
        # Whatever the disk says, it counts for the rest of this pass.
        self.breakers = breakers
        if self._report is not None:
            self._world.breakers.write(breakers)

    def _write_accounts(self, accounts: Accounts) -> None:
        self.accounts = accounts
        if self._report is not None:
            self._world.accounts.write(accounts)

    def _tell(self, act: Callable[[], None]) -> None:
        try:
            act()
        except StateError as error:
            if self._report is not None:
                self._report.fault(error)

    def _note(self, event: Event) -> None:
        if self._report is not None:
            self._world.journal.append(event)

    @staticmethod
    def _set_aside(trouble: str, store: BreakerStore | AccountStore, report: Report) -> None:
        """Law 8, but for what only delays: reported and kept, and everything counts as closed."""
        report.trouble(
            f"{trouble}; what failed before is forgotten",
            hint="nothing needs to be done; the file is kept in quarantine",
            reference="breakers-unreadable",
        )
        try:
            store.set_aside()
        except StateError as error:
            report.fault(error)
