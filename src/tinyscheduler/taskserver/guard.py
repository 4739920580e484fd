"""Who may ask, and how often: looked at before anything is read or done.

A web page in a browser on this machine can post to loopback under a name of its own choice (DNS
rebinding), so only names that are the server's own may be in Host and Origin. Whoever is on another
machine shows a token. Nobody keeps the others waiting by asking without end.
"""

from __future__ import annotations

import hmac
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from tinyscheduler.taskserver.turning_away import TurnedAway, turned_away

PEERS_MAX: Final = 1024
"""Addresses whose rates are known; beyond it the one that was silent longest is forgotten."""
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Entry(NamedTuple):
    """Who may come in."""

    names: frozenset[str] = LOOPBACK
    """Host names of this server, lower case, without ports and brackets."""
    is_any_address: bool = False
    """Any IP address is a name too: rebinding needs a name that somebody else can point here."""
    token: str | None = None
    """None: nobody is asked for one."""
    rate_per_s: float = 2_000.0
    """Requests of one address; twice as many at once."""


class Guard:
    """Looks at each request before it is read."""

    def __init__(self, entry: Entry, *, now: Callable[[], float] = time.monotonic) -> None:
        self._entry = entry
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        """By address: what may still be asked at once, and when that was counted."""

    def look(self, headers: Mapping[bytes, bytes], peer: str) -> TurnedAway | None:
        """None: come in."""
        if not self._is_ours(headers.get(b"host", b"").decode("latin-1"), scheme="//"):
            return turned_away(421, "Invalid Host header")
        origin = headers.get(b"origin")
        if origin is not None and not self._is_ours(origin.decode("latin-1"), scheme=""):
            return turned_away(403, "Invalid Origin header")
        # Before the token: wrong ones count, or it could be guessed as fast as the line carries.
        if not self._is_in_time(peer):
            return turned_away(429, "Too many requests", (b"retry-after", b"1"))
        if not self._is_token(headers.get(b"authorization", b"")):
            return turned_away(401, "Bearer token required", (b"www-authenticate", b"Bearer"))
        return None

    def _is_ours(self, text: str, *, scheme: str) -> bool:
        try:
            parts = urlsplit(scheme + text)
            name, _ = parts.hostname, parts.port
        except ValueError:
            # Whatever else it may be, it is no name of ours.
            return False
        if name is None or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
            return False
        is_web = bool(scheme) or parts.scheme in ("http", "https")
        return is_web and (name in self._entry.names or (self._entry.is_any_address and _is_address(name)))

    def _is_token(self, authorization: bytes) -> bool:
        if self._entry.token is None:
            return True
        kind, _, given = authorization.partition(b" ")
        # Constant in time, so that a token cannot be guessed letter by letter.
        return kind.lower() == b"bearer" and hmac.compare_digest(given.strip(), self._entry.token.encode())

    def _is_in_time(self, peer: str) -> bool:
        now, most = self._now(), 2 * self._entry.rate_per_s
        left, counted_at = self._buckets.pop(peer, (most, now))
        left = min(most, left + (now - counted_at) * self._entry.rate_per_s)
        is_allowed = left >= 1
        self._buckets[peer] = (left - 1 if is_allowed else left, now)
        if len(self._buckets) > PEERS_MAX:
            self._buckets.popitem(last=False)
        return is_allowed


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        # The question was whether it is one.
        return False
    return True
