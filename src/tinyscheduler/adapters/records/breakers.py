"""``state/breakers.json`` and ``state/accounts.json``: what is left alone for a while.

Durable, because a reboot in the middle of an outage must not begin it anew. A file that cannot be
read is put aside and everything counts as closed: the worst that follows is one try too early.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar, get_args

from tinyscheduler.adapters.records.trouble import parsed, set_aside, state_error
from tinyscheduler.kit import files, json_text
from tinyscheduler.kit.fields import Fields, exact_instant_text
from tinyscheduler.model.breaker import (
    NO_ACCOUNTS,
    NO_BREAKERS,
    AccountKey,
    AccountLimit,
    Accounts,
    Breaker,
    Breakers,
    BreakerState,
    Bucket,
    Quarantine,
)
from tinyscheduler.model.ids import AgentName, LeaseId

if TYPE_CHECKING:
    from tinyscheduler.kit.disk import Files

SCHEMA = 1
FILE_BYTES_MAX = 1_000_000
"""A few hundred bytes for each agent and account; a file beyond it is not ours."""

_STATES: tuple[BreakerState, ...] = get_args(BreakerState)

T = TypeVar("T")


class FileBreakers:
    """``ports.BreakerStore`` over one file, which need not exist."""

    def __init__(self, path: str, quarantine: str, *, disk: Files = files) -> None:
        self._path = path
        self._quarantine = quarantine
        self._disk = disk

    def read(self) -> Breakers:
        """See the port."""
        found = parsed(self._disk, self._path, _breakers, limit=FILE_BYTES_MAX)
        return Breakers(trouble=found) if isinstance(found, str) else found or NO_BREAKERS

    def write(self, breakers: Breakers) -> None:
        """See the port."""
        is_empty = not breakers.servers and not breakers.agents
        _save(self._disk, self._path, None if is_empty else _breakers_to_json(breakers))

    def set_aside(self) -> str | None:
        """See the port."""
        return set_aside(self._disk, self._path, quarantine=self._quarantine)


class FileAccounts:
    """``ports.AccountStore`` over one file, which need not exist."""

    def __init__(self, path: str, quarantine: str, *, disk: Files = files) -> None:
        self._path = path
        self._quarantine = quarantine
        self._disk = disk

    def read(self) -> Accounts:
        """See the port."""
        found = parsed(self._disk, self._path, _accounts, limit=FILE_BYTES_MAX)
        return Accounts(trouble=found) if isinstance(found, str) else found or NO_ACCOUNTS

    def write(self, accounts: Accounts) -> None:
        """See the port."""
        is_empty = not accounts.limits and not accounts.buckets
        _save(self._disk, self._path, None if is_empty else _accounts_to_json(accounts))

    def set_aside(self) -> str | None:
        """See the port."""
        return set_aside(self._disk, self._path, quarantine=self._quarantine)


def _save(disk: Files, path: str, document: dict[str, object] | None) -> None:
    """Durable; nothing to remember is no file. Raises StateError."""
    try:
        if document is None:
            disk.remove(path)
        else:
            disk.replace(path, json_text.dump(document))
    except OSError as error:
        raise state_error(path, error) from error


def _breakers_to_json(breakers: Breakers) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "servers": {endpoint: _breaker_to_json(found) for endpoint, found in breakers.servers.items()},
        "agents": {name: _quarantine_to_json(found) for name, found in breakers.agents.items()},
    }


def _breaker_to_json(breaker: Breaker) -> dict[str, object]:
    return {
        "state": breaker.state,
        "failures": breaker.failures,
        "probes": breaker.probes,
        "until": None if breaker.until is None else exact_instant_text(breaker.until),
        "why": breaker.why,
        "since": None if breaker.since is None else exact_instant_text(breaker.since),
    }


def _quarantine_to_json(quarantine: Quarantine) -> dict[str, object]:
    return {
        "failed": list(quarantine.failed),
        "since": exact_instant_text(quarantine.since),
        "until": None if quarantine.until is None else exact_instant_text(quarantine.until),
        "why": quarantine.why,
        "entry": quarantine.entry,
    }


def _accounts_to_json(accounts: Accounts) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "limits": {
            key: {
                "since": exact_instant_text(limit.since),
                "until": exact_instant_text(limit.until),
                "steps": limit.steps,
                "leases": list(limit.leases),
            }
            for key, limit in accounts.limits.items()
        },
        "buckets": {
            key: {"tokens": bucket.tokens, "at": exact_instant_text(bucket.at)}
            for key, bucket in accounts.buckets.items()
        },
    }


def _breakers(found: object) -> Breakers:
    """Raises ValueError naming the first field that is wrong."""
    fields = Fields(found)
    fields.choice("schema", (SCHEMA,))
    agents = _each(fields, "agents", _quarantine)
    return Breakers(
        _each(fields, "servers", _breaker), {AgentName(name): found for name, found in agents.items()}
    )


def _accounts(found: object) -> Accounts:
    """Raises ValueError naming the first field that is wrong."""
    fields = Fields(found)
    fields.choice("schema", (SCHEMA,))
    limits, buckets = _each(fields, "limits", _limit), _each(fields, "buckets", _bucket)
    return Accounts(
        {AccountKey(key): limit for key, limit in limits.items()},
        {AccountKey(key): bucket for key, bucket in buckets.items()},
    )


def _each(fields: Fields, name: str, read: Callable[[Fields], T]) -> Mapping[str, T]:
    inner = fields.inner_or_none(name)
    return {} if inner is None else {key: read(inner.inner(key)) for key in inner.names()}


def _breaker(fields: Fields) -> Breaker:
    state, until = fields.choice("state", _STATES), fields.instant_or_none("until")
    if (state == "open") != (until is not None):
        raise ValueError(f"a breaker that is {state} and its until do not fit together")
    # Older files do not have it.
    since = fields.instant_or_none("since") if fields.has("since") else None
    return Breaker(state, fields.whole("failures"), fields.whole("probes"), until, fields.text("why"), since)


def _quarantine(fields: Fields) -> Quarantine:
    return Quarantine(
        tuple(LeaseId(text) for text in fields.texts("failed")),
        fields.instant("since"),
        fields.instant_or_none("until"),
        fields.text("why"),
        # Older files do not have it.
        fields.text("entry") if fields.has("entry") else "",
    )


def _limit(fields: Fields) -> AccountLimit:
    leases = tuple(LeaseId(text) for text in fields.texts("leases"))
    return AccountLimit(fields.instant("since"), fields.instant("until"), fields.whole("steps"), leases)


def _bucket(fields: Fields) -> Bucket:
    return Bucket(fields.number("tokens"), fields.instant("at"))
