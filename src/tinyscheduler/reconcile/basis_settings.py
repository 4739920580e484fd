"""Settings and agents as facts with the names that people write, so that a difference can be read.

Values of commands and environments may be secrets (law 11): of those there is a mark, by which two can be
told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Final

from tinyscheduler.model.agent import Agent
from tinyscheduler.model.policy import Policy
from tinyscheduler.model.resources import Resources

SETTINGS: Final[Mapping[str, str]] = {
    "is_enabled": "ENABLED",
    "max_parallel": "MAX_PARALLEL",
    "queue_caps": "QUEUE_LIMITS",
    "account_caps": "ACCOUNT_LIMITS",
    "tag_caps": "TAG_LIMITS",
    "orders_blockers_first": "DISABLE_BLOCKING (the contrary)",
    "max_fetch": "MAX_FETCH",
    "heartbeat_interval_s": "HEARTBEAT_SEC",
    "hard_limit_s": "MAX_RUNTIME_SEC",
    "soft_limit_s": "SOFT_RUNTIME_SEC",
    "grace_s": "GRACE_SEC",
    "start_timeout_s": "START_TIMEOUT_SEC",
    "claim_timeout_s": "MCP_TIMEOUT_SEC (and 25 s)",
    "max_attempts": "MAX_ATTEMPTS",
    "retry_base_s": "RETRY_BASE_SEC",
    "retry_max_s": "RETRY_MAX_SEC",
    "permanent_exits": "[retry] permanent",
    "retryable_exits": "[retry] retryable",
    "band_floors": "[bands] critical, high, normal",
    "band_weights": "[bands] turns",
    "ageing_s": "[ageing] interval",
    "overdue_s": "[ageing] overdue",
    "max_queue_depth": "MAX_QUEUE_DEPTH",
    "stretches_critical": "[depth] stretch_critical_limits",
    "loop_interval_s": "LOOP_INTERVAL_SEC",
    "min_free_mb": "MIN_FREE_MB",
    "queue_hours": "[hours.queues]",
    "load_per_core_max": "[pressure] load_per_core",
    "free_memory_min_mb": "[pressure] free_memory_mb",
    "swap_used_max_percent": "[pressure] swap_used_percent",
    "pre_start": "[hooks] pre_start",
    "cpu_total": "[resources] cpu",
    "memory_total_mb": "[resources] memory_mb",
    "gpu_total": "[resources] gpu",
    "is_legacy": "AGENT_CONTROL (none)",
}
"""By field of ``Policy``; what is not here nobody can set."""

AGENT_KEYS: Final[Mapping[str, str]] = {
    "queues": "agentType",
    "slots": "slots",
    "is_enabled": "enabled",
    "weight": "weight",
    "capabilities": "capabilities",
    "account": "account",
    "profile": "profile",
    "command": "command",
    "env": "env",
    "workspace": "workspace",
    "success": "success",
    "hard_limit_s": "limits.hard_sec",
    "soft_limit_s": "limits.soft_sec",
    "stall_s": "limits.stall_sec",
    "stdin": "stdin",
    "scope": "scope",
    "resources": "resources",
    "hours": "activeHours",
    "is_on_demand": "onDemand",
}
"""By field of ``Agent``."""

MARKED: Final = frozenset({"command", "env", "pre_start"})
ALWAYS_TOLD: Final = frozenset({"queues", "slots"})


def policy_facts(policy: Policy) -> Iterator[tuple[str, str]]:
    """Every setting."""
    for field, value in policy._asdict().items():
        if field in SETTINGS:
            yield f"setting {SETTINGS[field]}", _shown(field, value)


def agent_facts(agents: Iterable[Agent]) -> Iterator[tuple[str, str]]:
    """What each agent has besides the defaults."""
    for agent in agents:
        for field, value in agent._asdict().items():
            if field not in AGENT_KEYS:
                continue
            if field in ALWAYS_TOLD or value != Agent._field_defaults[field]:
                yield f"agent {agent.name} {AGENT_KEYS[field]}", _shown(field, value)


def _shown(field: str, value: object) -> str:
    if field in MARKED and value:
        return f"mark {blake2b(repr(value).encode('utf-8', 'surrogatepass'), digest_size=4).hexdigest()}"
    return _text(value)


def _text(value: object) -> str:
    match value:
        case None | "" | ():
            return "none"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:g}"
        case Resources():
            return ", ".join(f"{name} {_text(part)}" for name, part in value._asdict().items() if part)
        case (str() as name, part) if not isinstance(part, str):
            return f"{name}:{_text(part)}"
        case tuple():
            return ", ".join(_text(part) for part in value)
        case _:
            return str(value)
