"""Read the text of MCP_HEADERS. Apart, because its names go into the cache and its values never do."""

from __future__ import annotations

_TOKEN_MARKS = frozenset("!#$%&'*+-.^_`|~")
"""What RFC 9110 5.6.2 allows in a header's name besides letters and digits."""

_OURS = {
    "host", "content-length", "content-type", "accept", "connection", "transfer-encoding",
    "mcp-protocol-version", "mcp-session-id",
}  # fmt: skip
"""The client sets these itself; a second value would break the call or smuggle another one."""

VALUE_MAX_CHARACTERS = 8_192
"""Servers commonly refuse a header line above 8 KiB."""


def parse_headers(text: str) -> dict[str, str]:
    """Names and values, from a JSON object or from ``Name: value`` lines.

    Raises ValueError with one sentence that never contains a value.
    """
    pairs = _from_json(text) if text.lstrip().startswith("{") else _from_lines(text)
    headers: dict[str, str] = {}
    for name, value in pairs:
        _check_name(name)
        if not value or len(value) > VALUE_MAX_CHARACTERS or not _is_visible(value):
            raise ValueError(f"the value of {name} is empty, too long or not plain ASCII")
        if name.lower() in (known.lower() for known in headers):
            raise ValueError(f"{name} is there twice")
        headers[name] = value
    return headers


def _check_name(name: str) -> None:
    if not name or not all((c.isascii() and c.isalnum()) or c in _TOKEN_MARKS for c in name):
        raise ValueError("a header's name is missing or has characters that names cannot have")
    if name.lower() in _OURS:
        raise ValueError(f"{name} is set by the client itself")


def _is_visible(value: str) -> bool:
    return all(" " <= c <= "~" or c == "\t" for c in value)


def _from_json(text: str) -> list[tuple[str, str]]:
    import json

    try:
        found = json.loads(text, object_pairs_hook=list)
    except (ValueError, RecursionError):
        # Not chained: the original shows the text, and the text is the secret.
        raise ValueError("the text begins like a JSON object and is none") from None
    if not all(isinstance(name, str) and isinstance(value, str) for name, value in found):
        raise ValueError("every value has to be text in quotes")
    return [(name.strip(), value.strip()) for name, value in found]


def _from_lines(text: str) -> list[tuple[str, str]]:
    pairs = []
    for line in filter(str.strip, text.split("\n")):
        name, colon, value = line.partition(":")
        if not colon:
            raise ValueError("a line is not 'Name: value'")
        pairs.append((name.strip(), value.strip()))
    return pairs
