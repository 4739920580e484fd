"""Take typed fields out of parsed JSON, with one sentence about the first thing that is wrong.

Beyond the codecs there is no bare ``dict``: they go through this reader. Unknown names are ignored,
so that an older reader copes with a newer file (contracts: extend by adding).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

T = TypeVar("T")

NUMBER_MAX: Final = 1.7976931348623157e308
"""The largest that is a float: JSON can spell infinity as 1e999, and integers beyond it."""

EXACT_MAX: Final = 2.0**53
"""Up to it every whole number is a float of its own."""

PID_MAX: Final = 2**22
"""PID_MAX_LIMIT of Linux. A larger number is no process, and too large for the calls that take a pid."""

SECONDS_MAX: Final = 10 * 366 * 86_400
"""Of a length of time: nothing of ours lasts ten years, and dates cannot be counted with much longer ones."""
YEARS: Final = range(1900, 9000)
"""Of an instant: some decades can be added or taken away."""

NAME_CHARS_MAX: Final = 64
_NAME_CHARS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")

_MISSING: Final = object()


class Fields:
    """A JSON object being read. Raises ValueError naming the field."""

    __slots__ = ("_found", "_where")

    def __init__(self, found: object, where: str = "") -> None:
        if not isinstance(found, dict):
            raise ValueError(f"{where or 'the file'} is not a JSON object")
        self._found: dict[str, object] = found
        self._where = f"{where}." if where else ""

    def text(self, name: str) -> str:
        """A string that must be there."""
        value = self._found.get(name)
        if isinstance(value, str):
            return value
        raise self._wrong(name, "text")

    def path(self, name: str) -> str:
        """A string that must be there and can be the name of a file."""
        value = self.text(name)
        if _is_encodable(value):
            return value
        raise self._wrong(name, "a path")

    def line(self, name: str, chars_max: int) -> str:
        """A string that must be there, for terminals and for comments."""
        value = self.text(name)
        if len(value) <= chars_max and value.isprintable():
            return value
        raise self._wrong(name, f"one line of at most {chars_max} characters")

    def text_or_none(self, name: str) -> str | None:
        """A string; null or absent is None."""
        return None if self._found.get(name) is None else self.text(name)

    def identifier(self, name: str) -> str:
        """Text, or a whole number as text: ids are numbers in JSON where they are one."""
        value = self._found.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.text(name)

    def whole(self, name: str) -> int:
        """An integer that must be there."""
        value = self._found.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise self._wrong(name, "a whole number")

    def whole_or_none(self, name: str) -> int | None:
        """An integer; null or absent is None."""
        return None if self._found.get(name) is None else self.whole(name)

    def seconds(self, name: str) -> int:
        """A length of time that must be there."""
        value = self.whole(name)
        if 0 <= value <= SECONDS_MAX:
            return value
        raise self._wrong(name, "a number of seconds")

    def seconds_or_none(self, name: str) -> int | None:
        """A length of time; null or absent is None."""
        return None if self._found.get(name) is None else self.seconds(name)

    def pid(self, name: str) -> int:
        """A process id that must be there. 0 and negative numbers mean groups and "everybody" to kill(2):
        never a process."""
        value = self.whole(name)
        if 0 < value <= PID_MAX:
            return value
        raise self._wrong(name, "a process id")

    def pid_or_none(self, name: str) -> int | None:
        """A process id; null or absent is None."""
        return None if self._found.get(name) is None else self.pid(name)

    def number(self, name: str) -> float:
        """Any number that must be there."""
        value = self._found.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= NUMBER_MAX:
            return float(value)
        raise self._wrong(name, "a number")

    def truth(self, name: str) -> bool:
        """A truth value, which must be there."""
        value = self._found.get(name)
        if isinstance(value, bool):
            return value
        raise self._wrong(name, "true or false")

    def instant(self, name: str) -> datetime:
        """An ISO 8601 time with a zone, as UTC."""
        text = self.text(name)
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise self._wrong(name, "a time like 2026-01-31T12:00:00Z") from error
        if moment.tzinfo is None:
            raise self._wrong(name, "a time with its zone")
        if moment.year not in YEARS:
            raise self._wrong(name, f"a time between the years {YEARS.start} and {YEARS.stop}")
        return moment.astimezone(UTC)

    def instant_or_none(self, name: str) -> datetime | None:
        """A time; null or absent is None."""
        return None if self._found.get(name) is None else self.instant(name)

    def choice(self, name: str, allowed: tuple[T, ...]) -> T:
        """One of the allowed values; the answer has their type."""
        value = self._found.get(name)
        for candidate in allowed:
            if candidate == value:
                return candidate
        raise self._wrong(name, "one of " + ", ".join(str(a) for a in allowed))

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings; absent or null is empty."""
        value = self._found.get(name)
        if value is None:
            return ()
        if isinstance(value, list) and all(isinstance(v, str) for v in value):
            return tuple(value)
        raise self._wrong(name, "a list of text")

    def inner(self, name: str) -> Fields:
        """A JSON object that must be there."""
        value = self._found.get(name, _MISSING)
        if value is _MISSING:
            raise self._wrong(name, "a JSON object")
        return Fields(value, f"{self._where}{name}")

    def inner_or_none(self, name: str) -> Fields | None:
        """A JSON object; null or absent is None."""
        return None if self._found.get(name) is None else self.inner(name)

    def each(self, name: str, read: Callable[[Fields], T]) -> tuple[T, ...]:
        """A list of JSON objects, each read by ``read``; absent or null is empty."""
        value = self._found.get(name)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise self._wrong(name, "a list")
        return tuple(read(Fields(v, f"{self._where}{name}[{i}]")) for i, v in enumerate(value))

    def has(self, name: str) -> bool:
        """The name is there, whatever its value."""
        return name in self._found

    def names(self) -> tuple[str, ...]:
        """All of them, in the order of the file."""
        return tuple(self._found)

    def raw(self, name: str) -> object:
        """The parsed value as it stands; None when absent."""
        return self._found.get(name)

    def _wrong(self, name: str, wanted: str) -> ValueError:
        found = self._found.get(name, _MISSING)
        seen = "missing" if found is _MISSING else f"{found!r:.60}"
        return ValueError(f"{self._where}{name} should be {wanted}, it is {seen}")


def _is_encodable(text: str) -> bool:
    """JSON can spell half a surrogate, and a NUL, which no file name can hold. What stands for names that are
    no UTF-8 can (PEP 383)."""
    if "\0" in text:
        return False
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def instant_text(moment: datetime) -> str:
    """UTC with milliseconds and ``Z``: sortable as text, exact enough to order beats."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def exact_instant_text(moment: datetime) -> str:
    """UTC in full: for times that identify something and are compared, not shown."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant_text_or_none(moment: datetime | None) -> str | None:
    """As ``instant_text``; None stays None."""
    return None if moment is None else instant_text(moment)


def is_name(text: str) -> bool:
    """What may become part of a path: 1 to 64 letters, digits, ``_`` and ``-`` (features I2). Not a
    regular expression, because compiling one costs more than a pass asks of it."""
    return 0 < len(text) <= NAME_CHARS_MAX and _NAME_CHARS.issuperset(text)


def name_between(prefix: str, file_name: str, suffix: str) -> str | None:
    """What stands between the two; None: they do not fit, or it is no name."""
    if not (file_name.startswith(prefix) and file_name.endswith(suffix)):
        return None
    name = file_name[len(prefix) : len(file_name) - len(suffix)]
    return name if is_name(name) else None


def identifier_value(text: str) -> int | str:
    """A number in JSON where the id is one, written as plain digits."""
    return int(text) if text.isascii() and text.isdigit() and str(int(text)) == text else text


def number_text(number: float) -> str:
    """As it is, not to six digits as ``g`` has it: two priorities that differ are told apart."""
    is_whole = abs(number) <= EXACT_MAX and number == int(number)
    return str(int(number)) if is_whole else repr(float(number))
