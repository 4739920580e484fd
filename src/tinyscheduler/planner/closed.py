"""What is left alone for a while because it has failed too often, by what is remembered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tinyscheduler.model.breaker import Accounts, Breakers, Closed, ClosedState
from tinyscheduler.planner.breakers import LIMIT_REPORTED_MAX_S, QUARANTINE_S, account_name, is_ahead


def closed_now(breakers: Breakers, accounts: Accounts, now: datetime) -> tuple[Closed, ...]:
    """Servers first, then agents and accounts, each by name."""
    return (*_servers(breakers, now), *_agents(breakers, now), *_accounts(accounts, now))


def _servers(breakers: Breakers, now: datetime) -> Iterator[Closed]:
    for endpoint, found in sorted(breakers.servers.items()):
        if found.state != "closed":
            is_shut = found.until is not None and found.until > now
            name, state = f"task server {endpoint}", _state(is_shut=is_shut)
            yield Closed("server", name, state, found.since, found.until, found.why)


def _agents(breakers: Breakers, now: datetime) -> Iterator[Closed]:
    for name, found in sorted(breakers.agents.items()):
        if found.until is not None and (found.until - now).total_seconds() <= QUARANTINE_S:
            state = _state(is_shut=is_ahead(found.until, now, max_s=QUARANTINE_S))
            yield Closed("agent", f"agent {name}", state, found.since, found.until, found.why)


def _accounts(accounts: Accounts, now: datetime) -> Iterator[Closed]:
    for key, found in sorted(accounts.limits.items()):
        if (found.until - now).total_seconds() <= LIMIT_REPORTED_MAX_S:
            state = _state(is_shut=is_ahead(found.until, now, max_s=LIMIT_REPORTED_MAX_S))
            yield Closed("account", account_name(key), state, found.since, found.until, "")


def _state(*, is_shut: bool) -> ClosedState:
    return "closed" if is_shut else "tried"
