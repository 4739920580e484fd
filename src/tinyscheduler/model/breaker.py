"""What has failed so often that it is left alone for a while: servers, agents, provider accounts.

Plain memory of earlier passes; what follows from it is decided in ``planner.breakers``.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple, NewType

from tinyscheduler.model.ids import AgentName, LeaseId

BreakerState = Literal["closed", "open", "half_open"]
"""closed: calls go through. open: none does, until a time. half_open: some are tried."""

AccountKey = NewType("AccountKey", str)
"""A provider account, or an agent that has none and therefore is one of its own."""


class Breaker(NamedTuple):
    """Of one task server."""

    state: BreakerState = "closed"
    failures: int = 0
    """In a row, while closed."""
    probes: int = 0
    """Calls that went well, while half open."""
    until: datetime | None = None
    """Until when nothing is asked, while open."""
    why: str = ""
    """The last failure, for people."""
    since: datetime | None = None
    """Of the first failure since it answered last; None: it answers, or nobody has written it down."""


CLOSED = Breaker()


class Quarantine(NamedTuple):
    """An agent whose starts fail."""

    failed: tuple[LeaseId, ...]
    """The last starts in a row that failed, each once, however often its settlement is repeated."""
    since: datetime
    until: datetime | None = None
    """Until when it is given nothing; None: not enough starts have failed."""
    why: str = ""
    entry: str = ""
    """Mark of its entry in agent-control when the last of them failed; empty: not known."""


class AccountLimit(NamedTuple):
    """A provider account that is used up."""

    since: datetime
    until: datetime
    steps: int
    """Limits in a row whose end the provider did not name; each doubles the wait."""
    leases: tuple[LeaseId, ...]
    """Runs that were limited, each counted once."""


class Bucket(NamedTuple):
    """How many starts of an account may follow at once."""

    tokens: float
    at: datetime


class Breakers(NamedTuple):
    """Servers and agents. What is closed and never failed is not in it."""

    servers: Mapping[str, Breaker] = {}
    """By endpoint; ``embedded`` is the store in this process."""
    agents: Mapping[AgentName, Quarantine] = {}
    trouble: str = ""
    """Why what was remembered cannot be read, so that everything counts as closed; empty: it can."""


class Accounts(NamedTuple):
    """Provider accounts. One that is open and rested is not in it."""

    limits: Mapping[AccountKey, AccountLimit] = {}
    buckets: Mapping[AccountKey, Bucket] = {}
    trouble: str = ""
    """As ``Breakers.trouble``."""


ClosedKind = Literal["server", "agent", "account"]
ClosedState = Literal["closed", "tried"]
"""closed: it is given nothing. tried: its time is up, and one try decides."""


class Closed(NamedTuple):
    """What is left alone now, for those who look."""

    kind: ClosedKind
    name: str
    """With the kind, for people."""
    state: ClosedState
    since: datetime | None
    """None: it was not written down."""
    until: datetime | None
    why: str


NO_BREAKERS = Breakers()
NO_ACCOUNTS = Accounts()
