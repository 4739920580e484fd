"""Turn whatever is wrong into ``Fault``s a person can act on. Cold path only."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from tinyscheduler.config.sources import SECRETS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import ErrorDetails

    from tinyscheduler.errors import Fault

SHOWN_MAX_CHARACTERS = 80
"""Of a faulty value: enough to recognise it, and one line of a terminal."""

MASK = "***"

_SENTENCES = {
    "int_parsing": "it is not a whole number",
    "int_type": "it is not a whole number",
    "int_from_float": "it is not a whole number",
    "float_parsing": "it is not a number",
    "float_type": "it is not a number",
    "finite_number": "it is not a finite number",
    "bool_parsing": "it is neither true nor false",
    "bool_type": "it is neither true nor false",
    "string_type": "it is not text",
    "list_type": "it is not a list",
    "dict_type": "it is not a JSON object",
    "missing": "it is missing",
    "extra_forbidden": "there is no such name",
}


def fault_text(fault: Fault) -> str:
    """One fault as one line for people: where, what, what was found, what to write instead."""
    found = f", found {fault.value}" if fault.value else ""
    return f"{fault.field}: {fault.message or 'it is wrong'}{found}; {fault.remedy}"


def suggestion(name: str, known: Iterable[str]) -> str:
    """``, did you mean X?``, or nothing when no known name is close."""
    folded = {candidate.casefold(): candidate for candidate in known}
    close = get_close_matches(name.casefold(), folded, n=1, cutoff=0.7)
    return f", did you mean {folded[close[0]]}?" if close else ""


def shown(value: object, *, setting: str = "") -> str:
    """The value as a fault may show it: short, one line, secrets and passwords of URLs masked."""
    if setting in SECRETS:
        return MASK
    text = value if isinstance(value, str) else _written(value)
    text = "".join(c if c.isprintable() else "?" for c in without_password(text))
    return text if len(text) <= SHOWN_MAX_CHARACTERS else text[: SHOWN_MAX_CHARACTERS - 1] + "…"


def _written(value: object) -> str:
    """As it stands in the file: true, not True."""
    return str(value).lower() if isinstance(value, bool) else repr(value)


def without_password(text: str) -> str:
    """A URL with its user and password cut out; any other text as it is."""
    scheme, mark, rest = text.partition("://")
    authority, slash, path = rest.partition("/")
    if not mark or "@" not in rest:
        return text
    if "@" not in authority:  # a slash inside the password
        authority, slash, path = rest, "", ""
    return f"{scheme}://{MASK}@{authority.rpartition('@')[2]}{slash}{path}"


def number_text(value: float) -> str:
    """0, not 0.0; and never with an exponent, which few people read."""
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def sentence(error: ErrorDetails) -> str:
    """What is wrong, in our words; for our own validators, theirs."""
    context = error.get("ctx", {})
    if "error" in context:
        return str(context["error"])
    if "ge" in context or "gt" in context:
        least = number_text(context["ge"] if "ge" in context else context["gt"])
        return f"it is below {least}" if "ge" in context else f"it is not above {least}"
    if "le" in context or "lt" in context:
        most = number_text(context["le"] if "le" in context else context["lt"])
        return f"it is above {most}" if "le" in context else f"it is not below {most}"
    if error["type"] == "literal_error":
        return "it is none of these words"
    if error["type"] in ("too_short", "too_long"):
        wanted = context["min_length" if error["type"] == "too_short" else "max_length"]
        return f"it has {context['actual_length']} parts instead of {wanted}"
    return _SENTENCES.get(error["type"], error["msg"])
