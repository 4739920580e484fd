"""What people are shown of the settings: rows for ``config``, the table of the docs, ``.env.example``."""

from __future__ import annotations

import shlex
from typing import NamedTuple

from tinyscheduler.config.checking import NOT_IN_TOML
from tinyscheduler.config.compile import Compiled
from tinyscheduler.config.faults import MASK
from tinyscheduler.config.flags import SETTING_FLAGS
from tinyscheduler.config.settings import Settings, about
from tinyscheduler.config.sources import PREFIX, SECRETS, Source


class SettingRow(NamedTuple):
    """One setting as it can be written."""

    name: str
    variable: str
    toml_key: str
    """Empty where the file may not set it."""
    flag: str
    """Empty where there is none."""
    default: str
    """For people; may be words."""
    preset: str
    """The default as it can be written; empty where it follows from other settings."""
    meaning: str
    wants: str


class ValueRow(NamedTuple):
    """One setting as it is now."""

    name: str
    value: str | None
    """Secrets masked; None: it has no value."""
    source: Source


def setting_rows() -> tuple[SettingRow, ...]:
    """All settings, in the order in which they are explained."""
    flags = {flag.setting: flag.flag for flag in SETTING_FLAGS}
    rows = []
    for field_name, field in Settings.model_fields.items():
        name = field_name.upper()
        told = about(field_name)
        rows.append(
            SettingRow(
                name=name,
                variable=PREFIX + name,
                toml_key="" if field_name in NOT_IN_TOML else field_name,
                flag=flags.get(name, ""),
                default=told.default or text_of(field.default),
                preset="" if told.default else text_of(field.default),
                meaning=told.meaning,
                wants=told.wants,
            )
        )
    return tuple(rows)


def value_rows(compiled: Compiled) -> tuple[ValueRow, ...]:
    """All settings with the values that hold; paths are absolute."""
    placed = _placed_values(compiled)
    rows = []
    for field_name in Settings.model_fields:
        name = field_name.upper()
        value = placed.get(name, text_of(getattr(compiled.settings, field_name))) or None
        is_masked = name in SECRETS and value is not None
        rows.append(ValueRow(name, MASK if is_masked else value, compiled.origins.get(name, "default")))
    return tuple(rows)


def text_of(value: object) -> str:
    """A value in the spelling in which it can be written into the environment."""
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:g}"
        case dict():
            return ",".join(f"{name}:{number}" for name, number in value.items())
        case tuple():
            return shlex.join(value)
    return str(value)


def _placed_values(compiled: Compiled) -> dict[str, str]:
    places = compiled.configuration.places
    connection = compiled.configuration.connection
    return {
        "BASE_PATH": places.base,
        "STATE_DIR": places.state,
        "RUNNING_DIR": places.running,
        "LOG_DIR": places.logs,
        "RECIPES_DIR": places.recipes,
        "WORKSPACES_DIR": places.workspaces,
        "LOCK_FILE": places.lock_file,
        "AGENT_CONTROL_FILE": places.agent_control_file,
        "MCP_TOKEN_FILE": connection.token_file or "",
        "MCP_CA_FILE": connection.ca_file or "",
    }


def markdown_table() -> str:
    """The table of ``docs/configuration.md``."""
    lines = ["| setting | flag | default | meaning |", "|---|---|---|---|"]
    for row in setting_rows():
        toml = f"`{row.toml_key}`" if row.toml_key else "not in the file"
        flag = f"`{row.flag}`" if row.flag else ""
        default = f"`{row.default}`" if row.preset or row.default.startswith("<") else row.default
        wants = row.wants.replace("|", "\\|")
        lines.append(f"| `{row.variable}`<br>{toml} | {flag} | {default} | {row.meaning} *Write:* {wants} |")
    return "\n".join(lines) + "\n"


def env_example() -> str:
    """The content of ``.env.example``."""
    lines = [
        "# Settings of TinyScheduler. Copy this file to .env beside the launcher and remove the # before",
        "# what you set. Environment variables win over this file, this file wins over tinyscheduler.toml.",
        '# Explained in docs/configuration.md; "tinyscheduler config" shows what holds and where it is from.',
    ]
    for row in setting_rows():
        told = "" if row.preset else f" Default: {row.default}."
        lines += ["", f"# {row.meaning}{told}", f"#{row.variable}={row.preset}"]
    return "\n".join(lines) + "\n"
