"""Where the task server is: its address as we call it, as we show it, and as the identity of its tasks.

Apart from ``client`` because three things are made of one text, and only one of them may hold what
an operator wrote into the address besides the place: a user name, a password, a query.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from tinyscheduler.errors import ConfigError, Fault

SETTING: Final = "TINYSCHEDULER_MCP_ENDPOINT"

_PORTS: Final = {"http": 80, "https": 443}
_LOOPBACK: Final = {"localhost": "127.0.0.1"}


class Endpoint(NamedTuple):
    """One address, taken apart."""

    url: str
    """To be called; may hold a password."""
    shown: str
    """For people: scheme, host, port and path."""
    source: str
    """Identity: two spellings of one server have the same, or its leases would become strangers."""
    is_https: bool
    is_loopback: bool


def endpoint_of(text: str) -> Endpoint:
    """``host:3000``, ``http://host:3000`` and ``http://host:3000/mcp`` are one address.
    Raises ConfigError."""
    from urllib.parse import urlsplit, urlunsplit

    written = text.strip()
    try:
        parts = urlsplit(written if "://" in written else f"http://{written}")
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        # Not chained into the message: it would repeat the address with its password.
        raise _fault("is not an address") from error
    if parts.scheme not in _PORTS:
        raise _fault("should begin with http:// or https://")
    if not _is_host(host) or " " in written:
        raise _fault("names no host")
    path = _mcp_path(parts.path)
    port = _PORTS[parts.scheme] if port is None else port
    return Endpoint(
        url=urlunsplit((parts.scheme, parts.netloc, path, parts.query, "")),
        shown=f"{parts.scheme}://{_bracketed(host)}:{port}{path}",
        source=f"mcp:{parts.scheme}://{_bracketed(_LOOPBACK.get(host, host))}:{port}{path}",
        is_https=parts.scheme == "https",
        is_loopback=_is_loopback(host),
    )


def _fault(message: str) -> ConfigError:
    remedy = "write the address of an MCP server, for example http://127.0.0.1:3000/mcp"
    fault = Fault(SETTING, "", remedy, message)
    return ConfigError(f"{SETTING} {message}", faults=(fault,), hint=f"In {SETTING}, {remedy}.")


def _is_host(host: str) -> bool:
    """Strict enough that looking it up cannot fail as text: 63 letters a part (RFC 1035)."""
    parts = host.split(".")
    return host.isascii() and host.isprintable() and all(0 < len(part) <= 63 for part in parts)


def _mcp_path(path: str) -> str:
    """A path that names an MCP endpoint somewhere stays, and so does ``/sse``, where servers of the older
    transport are by custom; any other is completed."""
    stripped = path.rstrip("/")
    is_named = "mcp" in stripped.split("/") or stripped.endswith("/sse")
    return stripped if is_named else f"{stripped}/mcp"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_loopback(host: str) -> bool:
    is_v4 = host.startswith("127.") and host.replace(".", "").isdigit()
    return is_v4 or host in {"localhost", "::1"} or host.endswith(".localhost")


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The extra headers, fit to be sent. Raises ConfigError that names a header, never its value:
    the HTTP library would quote it."""
    for name, value in headers.items():
        is_name = name.isascii() and bool(name) and all(c.isalnum() or c in "-_.!#$%&'*+^`|~" for c in name)
        if not is_name or not value.isascii() or not value.isprintable():
            fault = Fault(
                "TINYSCHEDULER_MCP_HEADERS", name, "use one line of printable ASCII", "cannot be sent"
            )
            raise ConfigError(f"the header {name!r} for the task server cannot be sent", faults=(fault,))
    return dict(headers)


def without_secrets(text: str, headers: Mapping[str, str]) -> str:
    """A server's text for an error message, with everything that we sent as a header cut out."""
    for value in headers.values():
        for secret in (value, value.rpartition(" ")[2]):
            # Shorter ones are flags ("1", "true") and would only make holes in the sentence.
            if len(secret) >= 6:
                text = text.replace(secret, "***")
    return text
