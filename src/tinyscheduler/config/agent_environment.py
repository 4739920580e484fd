"""Read ``env`` of one agent: values, and references to values that must not stand in a file."""

from __future__ import annotations

from tinyscheduler.config.faults import shown
from tinyscheduler.config.rules import ENV_NAME, check_path, check_text
from tinyscheduler.config.sources import PREFIX
from tinyscheduler.model.agent import EnvValue

VALUE_MAX_CHARACTERS = 32_768
"""A quarter of what the kernel takes for one variable."""

SECRET_WORDS = ("TOKEN", "SECRET", "PASSWORD", "PASSWD", "API_KEY", "APIKEY", "PRIVATE_KEY", "CREDENTIAL")
"""In a name they mean that the value should be given by reference."""


def parse_environment(found: object) -> tuple[EnvValue, ...]:
    """Raises ValueError with all that is wrong in one sentence, and no value in it."""
    if not isinstance(found, dict):
        raise ValueError("it is not a JSON object")
    values = []
    troubles = []
    for name, value in found.items():
        try:
            values.append(_env_value(str(name), value))
        except ValueError as error:
            troubles.append(f"{shown(name)}: {error}")
    if troubles:
        raise ValueError("; ".join(troubles))
    return tuple(values)


def looks_secret(value: EnvValue) -> bool:
    """A literal under a name that says it is a secret."""
    return value.literal is not None and any(word in value.name.upper() for word in SECRET_WORDS)


def _env_value(name: str, value: object) -> EnvValue:
    if not ENV_NAME.fullmatch(name):
        raise ValueError("it is not a name of a variable")
    if name.startswith(PREFIX):
        raise ValueError(f"{PREFIX}* is the scheduler's own")
    if isinstance(value, str):
        return EnvValue(name, literal=_literal(value))
    if isinstance(value, dict) and len(value) == 1:
        return _reference(name, value)
    raise ValueError('the value is neither text nor {"from": NAME} nor {"file": path}')


def _literal(value: str) -> str:
    if len(value) > VALUE_MAX_CHARACTERS:
        raise ValueError(f"the value is longer than {VALUE_MAX_CHARACTERS} characters")
    return check_text(value)


def _reference(name: str, value: dict[str, object]) -> EnvValue:
    (kind, target), *_ = value.items()
    if kind == "from" and isinstance(target, str) and ENV_NAME.fullmatch(target):
        return EnvValue(name, inherit=target)
    if kind == "file" and isinstance(target, str):
        return EnvValue(name, file=check_path(target))
    raise ValueError('the reference is neither {"from": NAME} nor {"file": path}')
