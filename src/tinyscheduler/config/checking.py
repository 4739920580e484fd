"""Hold what was collected against ``settings``, and say for each fault which source it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from tinyscheduler.config.faults import MASK, sentence, shown, suggestion
from tinyscheduler.config.flags import AGENT_LIMIT, SETTING_FLAGS
from tinyscheduler.config.rules import parse_limits
from tinyscheduler.config.settings import Layer, Settings, about, settings_from
from tinyscheduler.config.sources import NAMES, PREFIX, SECRETS, Inputs, Source
from tinyscheduler.config.tables import TABLE_NAMES, toml_document
from tinyscheduler.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic_core import ErrorDetails


def checked_settings(inputs: Inputs, faults: list[Fault]) -> Settings:
    """The settings; faults are added to the list, and a faulty setting then has its default."""
    layers = _layers(inputs, faults)
    try:
        return settings_from(layers)
    except ValidationError as error:
        found = error.errors(include_url=False)
    faults += [_fault(one, layers, inputs) for one in found]
    return _without({str(one["loc"][0]) for one in found}, layers)


_CHECKED_TOGETHER = {
    "max_runtime_sec", "soft_runtime_sec", "retry_base_sec", "retry_max_sec",
    "mcp_allow_insecure", "mcp_endpoint",
}  # fmt: skip
"""Where the default of one may contradict the given value of another."""


def _without(fields: set[str], layers: Sequence[Layer]) -> Settings:
    """Settings good enough to go on and look for faults elsewhere. Their own are known by now."""
    left_out = fields | _CHECKED_TOGETHER
    return settings_from(
        [
            Layer(source, {name: value for name, value in values.items() if name not in left_out})
            for source, values in layers
        ]
    )


def flag_limits(inputs: Inputs, faults: list[Fault]) -> Mapping[str, int]:
    """All ``--agent-limit`` together."""
    text = inputs.flags.get(AGENT_LIMIT, "")
    try:
        return parse_limits(text)
    except ValueError as error:
        faults.append(Fault("--agent-limit", shown(text), "write --agent-limit AGENT=N", str(error)))
        return {}


def origins_of(inputs: Inputs) -> dict[str, Source]:
    """By setting name, the source whose value holds."""
    return {name.upper(): source for source, values in reversed(_layers(inputs, [])) for name in values}


def strangers_noted(inputs: Inputs) -> list[str]:
    """Names in the environment that only look like settings.

    Notes and not faults: an environment is shared, and may serve an older or a newer version too.
    """
    places = {"environment": "the environment", ".env": inputs.dotenv_path}
    known = [PREFIX + name for name in NAMES]
    return [
        f"{name} in {places[source]} is not a setting{suggestion(name, known)}"
        for source, name in inputs.strangers
    ]


def _layers(inputs: Inputs, faults: list[Fault]) -> list[Layer]:
    assert inputs.flags.keys() <= {*NAMES, AGENT_LIMIT}, "overrides come from SETTING_FLAGS"
    texts: tuple[tuple[Source, Mapping[str, str]], ...] = (
        ("flag", inputs.flags),
        ("environment", inputs.environment),
        (".env", inputs.dotenv),
    )
    layers = [
        Layer(source, {name.lower(): text.strip() for name, text in values.items() if name in NAMES})
        for source, values in texts
    ]
    return [*layers, Layer("toml", _toml_values(inputs, faults))]


def _toml_values(inputs: Inputs, faults: list[Fault]) -> dict[str, object]:
    found = toml_document(inputs, faults)
    for name, remedy in NOT_IN_TOML.items():
        if found.pop(name, None) is not None:
            faults.append(Fault(f"{inputs.toml_path}: {name}", MASK, remedy, "it cannot be set here"))
    return {name: value for name, value in found.items() if value != "" and name not in TABLE_NAMES}


NOT_IN_TOML = {
    "base_path": "use --base-path or TINYSCHEDULER_BASE_PATH: this file is found through it",
    "mcp_headers": "put it into .env or the environment: this file is often shared and committed",
}


def _fault(error: ErrorDetails, layers: Sequence[Layer], inputs: Inputs) -> Fault:
    field = str(error["loc"][0])
    name = field.upper()
    if name not in NAMES or error["type"] == "extra_forbidden":
        known = suggestion(field, (*(known.lower() for known in NAMES), *TABLE_NAMES))
        return Fault(f"{inputs.toml_path}: {field}", "", f"remove it{known}", "there is no such setting")
    source, value = _found(field, layers)
    masked = MASK if name in SECRETS else shown(value)
    message = f"{sentence(error)} (from {_place(source, name, inputs)})"
    return Fault(PREFIX + name, masked, f"write {about(field).wants}", message)


def _found(field: str, layers: Sequence[Layer]) -> tuple[Source, object]:
    """Where the value that holds stands."""
    for source, values in layers:
        if field in values:
            return source, values[field]
    return "default", ""


def _place(source: Source, name: str, inputs: Inputs) -> str:
    flags = {flag.setting: flag.flag for flag in SETTING_FLAGS}
    places: dict[Source, str] = {
        "flag": flags.get(name, "the command line"),
        "environment": "the environment",
        ".env": inputs.dotenv_path,
        "toml": inputs.toml_path,
        "default": "its default",
    }
    return places[source]
