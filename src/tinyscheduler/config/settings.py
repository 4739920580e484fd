"""Every setting: its type, its range with the reason, its default, its meaning.

This is the one place where a setting is described; ``docs/configuration.md``, ``.env.example`` and
the ``config`` command are made from it. Cold path only: pydantic costs more than a whole pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from tinyscheduler.config import rules
from tinyscheduler.config.header_text import parse_headers
from tinyscheduler.config.sources import Source

WEEK_S = 604_800
"""No agent is meant to run longer unattended; a longer limit is a mistyped one."""


class About(NamedTuple):
    """What the type of a setting cannot say."""

    meaning: str
    wants: str
    """The remedy of a fault: what to write."""
    default: str = ""
    """For people, where the default follows from other settings."""


class Layer(NamedTuple):
    """What one source says, by field name."""

    source: Source
    values: Mapping[str, object]


class _LayerSource(PydanticBaseSettingsSource):
    """One layer, as the library wants to be given it."""

    def __init__(self, settings_cls: type[BaseSettings], layer: Layer) -> None:
        super().__init__(settings_cls)
        self._values = layer.values

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[object, str, bool]:  # noqa: ARG002
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, object]:
        return dict(self._values)


def _no_truth(value: object) -> object:
    """TOML's true is no number, although Python thinks so."""
    if isinstance(value, bool):
        raise ValueError("it is neither a number nor text")
    return value


def _upper(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


def _check_headers(value: str) -> str:
    parse_headers(value)
    return value


def _check_soft(value: int, info: ValidationInfo) -> int:
    hard = info.data.get("max_runtime_sec", WEEK_S + 1)
    if value >= hard:
        raise ValueError(f"it is not below MAX_RUNTIME_SEC ({hard}), so it would never be reached")
    return value


def _check_retry_max(value: int, info: ValidationInfo) -> int:
    base = info.data.get("retry_base_sec", 0)
    if value < base:
        raise ValueError(f"it is below RETRY_BASE_SEC ({base})")
    return value


def _check_endpoint(value: str, info: ValidationInfo) -> str:
    # When MCP_ALLOW_INSECURE is itself at fault there is nothing to hold against the endpoint.
    allows = info.data.get("mcp_allow_insecure", True)
    return rules.parse_endpoint(value, allows_insecure=bool(allows)) or "embedded"


Path = Annotated[str, AfterValidator(rules.check_path)]
Whole = Annotated[int, BeforeValidator(_no_truth)]
Number = Annotated[float, BeforeValidator(_no_truth), Field(allow_inf_nan=False)]
Limits = Annotated[dict[str, int], BeforeValidator(rules.parse_limits)]
TagLimits = Annotated[dict[str, int], BeforeValidator(rules.parse_tag_limits)]

_A_FOLDER = "a folder; a relative one starts at BASE_PATH"
_A_FILE = "a file; a relative one starts at BASE_PATH"
_LIMITS = f"names with whole numbers from 0 to {rules.SLOTS_MAX}, as a:1,b:2 or a JSON object"
_ON_OFF = "true or false"


class Settings(BaseSettings):
    """All settings. Fields that check themselves against another one stand after it."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=False
    )

    # Places
    base_path: Annotated[
        Path,
        About("Folder that every other path starts from.", "an existing folder", "the launcher's folder"),
    ] = ""
    state_dir: Annotated[Path, About("Run-time state.", _A_FOLDER)] = "state"
    running_dir: Annotated[Path, About("Leases.", _A_FOLDER, "<STATE_DIR>/running")] = ""
    log_dir: Annotated[Path, About("Logs.", _A_FOLDER, "<STATE_DIR>/logs")] = ""
    recipes_dir: Annotated[Path, About("Recipes of agents that use them.", _A_FOLDER)] = "recipes"
    workspaces_dir: Annotated[
        Path, About("Folders agents work in when they name none.", _A_FOLDER, "<STATE_DIR>/workspaces")
    ] = ""
    lock_file: Annotated[
        Path, About("Lock that keeps passes apart.", _A_FILE, "<STATE_DIR>/tinyscheduler.lock")
    ] = ""

    # Agents
    agent_control_file: Annotated[
        Path, About("Names the agents; when it does not exist, they come from AGENT_LIMITS.", _A_FILE)
    ] = "agent-control.json"
    agent_limits: Annotated[Limits, About("Slots of agents.", _LIMITS, "maxConcurrency")] = {}
    agent_command: Annotated[
        tuple[str, ...],
        BeforeValidator(rules.parse_command),
        About("Command of every agent that has none of its own.", "a JSON list or words", "none"),
    ] = ()
    goose_bin: Annotated[Path, About("The goose program, a name or a path.", "a program")] = "goose"

    # The pass
    enabled: Annotated[bool, About("Nothing is started while this is false.", _ON_OFF)] = True
    dry_run: Annotated[bool, About("Show the plan, change nothing.", _ON_OFF)] = False
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"],
        BeforeValidator(_upper),
        About("How much goes into the log.", "DEBUG, INFO, WARNING or ERROR"),
    ] = "INFO"
    disable_blocking: Annotated[
        bool,
        About(
            "Keep the task server's order: tasks that block others do not come first, and none for its wait.",
            _ON_OFF,
        ),
    ] = False
    # 0 stands still, like ENABLED=false.
    max_parallel: Annotated[
        Whole,
        Field(ge=0, le=rules.SLOTS_MAX),
        About("Tasks that run at once, over all agents.", f"a whole number from 0 to {rules.SLOTS_MAX}"),
    ] = 5
    queue_limits: Annotated[Limits, About("Tasks that run at once, per queue.", _LIMITS, "none")] = {}
    account_limits: Annotated[Limits, About("Tasks that run at once, per account.", _LIMITS, "none")] = {}
    tag_limits: Annotated[TagLimits, About("Tasks that run at once, per tag.", _LIMITS, "none")] = {}
    # Above 10,000 the planner's cost and the server's pages leave the time of a pass (features D7).
    max_fetch: Annotated[
        Whole,
        Field(ge=1, le=10_000),
        About("Idle tasks that one pass looks at.", "a whole number from 1 to 10000"),
    ] = 10_000
    # As many as one pass can look at and nobody notices; a million is a mistyped limit.
    max_queue_depth: Annotated[
        Whole,
        Field(ge=0, le=1_000_000),
        About(
            "Tasks that may wait: from 50, 80 and 95 % on fewer slots are used, and the embedded store takes"
            " no more when it is full.",
            "a whole number from 1 to 1000000, 0 for no limit",
        ),
    ] = 10_000
    # A petabyte; above it is a slip of the pen.
    min_free_mb: Annotated[
        Whole,
        Field(ge=0, le=1_000_000_000),
        About("No start with less free disk than this.", "a whole number of megabytes, 0 for no limit"),
    ] = 500

    # Time, in seconds
    # A day: more is cron's work.
    loop_interval_sec: Annotated[
        Whole, Field(ge=1, le=86_400), About("Between passes of run --daemon.", "1 to 86400 seconds")
    ] = 60
    # A beat is a file write. Three are missed before a lease is stale: an hour means half a day of waiting.
    heartbeat_sec: Annotated[
        Whole, Field(ge=1, le=3_600), About("Between two beats of a lease.", "1 to 3600 seconds")
    ] = 15
    # A cold start takes seconds; after ten minutes it is not coming.
    start_timeout_sec: Annotated[
        Whole,
        Field(ge=1, le=600),
        About("How long a wrapper may take to report before its start is undone.", "1 to 600 seconds"),
    ] = 30
    max_runtime_sec: Annotated[
        Whole,
        Field(ge=1, le=WEEK_S),
        About("Hard limit of one run: TERM then, and KILL after GRACE_SEC.", f"1 to {WEEK_S} seconds"),
    ] = 3_600
    soft_runtime_sec: Annotated[
        Whole,
        Field(ge=0, le=WEEK_S),
        AfterValidator(_check_soft),
        About("Soft limit of one run: TERM. 0 is off.", "0, or seconds below MAX_RUNTIME_SEC"),
    ] = 0
    # A pass lasts 50 s at most and waits for the grace inside.
    grace_sec: Annotated[Whole, Field(ge=0, le=30), About("Between TERM and KILL.", "0 to 30 seconds")] = 5

    # Attempts
    max_attempts: Annotated[
        Whole, Field(ge=1, le=100), About("Failed runs after which a task is parked.", "1 to 100")
    ] = 3
    retry_base_sec: Annotated[
        Whole,
        Field(ge=0, le=86_400),
        About("Delay after the first failed run; doubles with each.", "0 to 86400 seconds"),
    ] = 60
    retry_max_sec: Annotated[
        Whole,
        Field(ge=0, le=WEEK_S, validate_default=True),
        AfterValidator(_check_retry_max),
        About("The longest such delay.", f"seconds from RETRY_BASE_SEC to {WEEK_S}"),
    ] = 3_600

    # Task server
    task_folder: Annotated[
        Path, About("Folder of Markdown files that is the task server, a file a task.", _A_FOLDER, "none")
    ] = ""
    mcp_allow_insecure: Annotated[
        bool, About("Allow plain http to other machines: anybody on the way can read along.", _ON_OFF)
    ] = False
    mcp_endpoint: Annotated[
        str,
        AfterValidator(_check_endpoint),
        About(
            "Task server, with or without /mcp, or with /sse; 'embedded' is the built-in store.",
            "http(s)://HOST[:PORT][/mcp|/sse], https unless on this machine or MCP_ALLOW_INSECURE; embedded",
        ),
    ] = "embedded"
    mcp_token_file: Annotated[Path, About("File whose content is sent as bearer token.", _A_FILE, "none")] = (
        ""
    )
    mcp_headers: Annotated[
        str,
        AfterValidator(_check_headers),
        About(
            "Extra headers for the task server. Secret: only in the environment or .env.",
            'a JSON object {"Name": "value"} or lines "Name: value"',
            "none",
        ),
    ] = ""
    mcp_ca_file: Annotated[
        Path, About("Certificates that vouch for the task server, instead of the system's.", _A_FILE, "none")
    ] = ""
    # Below 0.1 s nothing answers; above 300 s a pass has long ended.
    mcp_timeout_sec: Annotated[
        Number, Field(ge=0.1, le=300), About("For one call; a pass may end it before.", "0.1 to 300 seconds")
    ] = 35.0
    # A pass lasts 50 s at most.
    mcp_budget_sec: Annotated[
        Number, Field(ge=0.1, le=50), About("For all calls of one pass together.", "0.1 to 50 seconds")
    ] = 20.0

    def __init__(self, layers: Sequence[Layer]) -> None:
        super().__init__(layers=layers)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Our layers instead of the library's: it reads the process's environment, we were given one."""
        del env_settings, dotenv_settings, file_secret_settings
        assert isinstance(init_settings, InitSettingsSource)
        layers: Sequence[Layer] = init_settings.init_kwargs["layers"]
        return tuple(_LayerSource(settings_cls, layer) for layer in layers)


def settings_from(layers: Sequence[Layer]) -> Settings:
    """Check everything; ``layers`` strongest first. Raises pydantic's ValidationError."""
    return Settings(layers)


def about(field_name: str) -> About:
    """The description of one setting."""
    return next(item for item in Settings.model_fields[field_name].metadata if isinstance(item, About))
