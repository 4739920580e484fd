"""Getting an HTTP client cheaply and safely: what is imported, whom we trust, which proxy is used.

Apart from ``client`` because none of it is about calls, and because the odd lines here were measured:
ADR 0020 has the figures and how to get them again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from tinyscheduler.adapters.mcp.deadline import Deadline, DeadlineBackend
from tinyscheduler.adapters.mcp.endpoint import Endpoint
from tinyscheduler.errors import ConfigError, Fault

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from types import ModuleType

    import httpx

    from tinyscheduler.adapters.mcp.deadline import Backend


class Way(NamedTuple):
    """How to reach the server."""

    endpoint: Endpoint
    headers: Mapping[str, str]
    ca_file: str | None
    """Trusted instead of the usual authorities; None: those."""


def http_client(way: Way, deadline: Deadline) -> httpx.Client:
    """A client whose waits end at ``deadline``, that follows no redirect and reads no ``.netrc``.
    Raises ConfigError."""
    import gc

    # The collector would look again and again at objects that all stay: a tenth of the time.
    is_collecting = gc.isenabled()
    gc.disable()
    try:
        _load()
        return _built(way, deadline)
    finally:
        if is_collecting:
            gc.enable()


def _load() -> None:
    """Import httpx without its command line, which alone takes as long as all the rest together.

    httpx tries to import it and copes when it is not installed; for a moment it is not.
    """
    import sys

    if "httpx" in sys.modules:
        return
    sys.modules["httpx._main"] = cast("ModuleType", None)
    try:
        import httpx  # noqa: F401
    finally:
        del sys.modules["httpx._main"]


def _built(way: Way, deadline: Deadline) -> httpx.Client:
    import httpx

    proxy = _proxy(way.endpoint)
    needs_trust = way.endpoint.is_https or proxy is not None
    transport = httpx.HTTPTransport(
        verify=_trust(way.ca_file) if needs_trust else _no_trust(),
        proxy=proxy,
        trust_env=False,
    )
    # The library offers no public place for this (httpx 0.28); a test notices when it moves.
    pool = transport._pool
    backend = DeadlineBackend(cast("Backend", pool._network_backend), deadline)
    pool._network_backend = backend  # type: ignore[assignment]
    return httpx.Client(transport=transport, headers=way.headers, trust_env=False, follow_redirects=False)


def _no_trust() -> ssl.SSLContext:
    """For plain http: a context that verifies and trusts nobody costs nothing, while one with the
    usual authorities takes 25 ms to build."""
    import ssl

    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _trust(ca_file: str | None) -> ssl.SSLContext:
    import ssl

    import httpx

    if ca_file is None:
        return httpx.create_ssl_context()
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        fault = Fault("TINYSCHEDULER_MCP_CA_FILE", ca_file, "name a readable PEM file with certificates")
        raise ConfigError(f"the CA file {ca_file} cannot be used: {error}", faults=(fault,)) from error


def _proxy(endpoint: Endpoint) -> httpx.Proxy | None:
    """From the environment as other programs read it, but never for this machine: a proxy elsewhere
    cannot reach our loopback."""
    if endpoint.is_loopback:
        return None
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    import httpx

    proxies = getproxies()
    url = proxies.get("https" if endpoint.is_https else "http") or proxies.get("all")
    if not url or proxy_bypass(urlsplit(endpoint.shown).hostname or ""):
        return None
    try:
        return httpx.Proxy(url if "://" in url else f"http://{url}")
    except (ValueError, httpx.InvalidURL):
        # Not chained: the library quotes the address, and proxies' addresses hold passwords.
        fault = Fault("HTTP_PROXY, HTTPS_PROXY or ALL_PROXY", "", "name a proxy as http://host:port")
        raise ConfigError("the proxy in the environment is not an address", faults=(fault,)) from None
