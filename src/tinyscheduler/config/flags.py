"""The settings that have a flag, as plain data: the parser of every command is built from it."""

from __future__ import annotations

from typing import NamedTuple

AGENT_LIMIT = "AGENT_LIMIT"
"""Not a setting: the name under which all ``--agent-limit A=N`` of a command line arrive together,
joined by commas."""


class SettingFlag(NamedTuple):
    """One flag. Its value goes, as text, under ``setting`` into the overrides."""

    flag: str
    setting: str
    metavar: str | None
    """None: a switch; giving it means the text ``true``."""
    help: str
    is_global: bool = False
    """Taken before and after every subcommand, not only after those that run a pass."""
    repeats: bool = False
    """May be given several times; the values are joined by commas."""


SETTING_FLAGS: tuple[SettingFlag, ...] = (
    SettingFlag(
        "--base-path", "BASE_PATH", "DIR", "folder that every other path starts from", is_global=True
    ),
    SettingFlag("--log-level", "LOG_LEVEL", "LEVEL", "DEBUG, INFO, WARNING or ERROR", is_global=True),
    SettingFlag("--state-dir", "STATE_DIR", "DIR", "folder of the run-time state", is_global=True),
    SettingFlag(
        "--agent-control", "AGENT_CONTROL_FILE", "FILE", "file that names the agents", is_global=True
    ),
    SettingFlag("--mcp-endpoint", "MCP_ENDPOINT", "URL", "task server, or 'embedded'", is_global=True),
    SettingFlag("--task-folder", "TASK_FOLDER", "DIR", "folder of Markdown files with tasks", is_global=True),
    SettingFlag("--running-dir", "RUNNING_DIR", "DIR", "folder of the leases"),
    SettingFlag("--log-dir", "LOG_DIR", "DIR", "folder of the logs"),
    SettingFlag("--recipes-dir", "RECIPES_DIR", "DIR", "folder of the recipes"),
    SettingFlag("--goose-bin", "GOOSE_BIN", "FILE", "the goose program"),
    SettingFlag(
        "--agent-limit",
        AGENT_LIMIT,
        "AGENT=N",
        "slots of one agent; may be given several times",
        repeats=True,
    ),
    SettingFlag("--max-parallel", "MAX_PARALLEL", "N", "tasks that run at once, over all agents"),
    SettingFlag("--loop-interval", "LOOP_INTERVAL_SEC", "SECONDS", "time between passes of run --daemon"),
    SettingFlag("--heartbeat-interval", "HEARTBEAT_SEC", "SECONDS", "time between two beats of a lease"),
    SettingFlag("--max-runtime", "MAX_RUNTIME_SEC", "SECONDS", "hard limit of one run"),
    SettingFlag("--dry-run", "DRY_RUN", None, "show the plan, change nothing"),
    SettingFlag("--disable-blocking", "DISABLE_BLOCKING", None, "keep the task server's order"),
)
