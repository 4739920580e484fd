"""``order.json`` <-> ``model.Order`` (contracts.md, Order), and what makes an order fit to be run.

The same judgement is made twice: when a pass writes an order, because the start can still be
undone there with a clear word, and when a wrapper reads it, because a file is never to be trusted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from tinyscheduler.errors import StateError
from tinyscheduler.kit import files, json_text
from tinyscheduler.kit.fields import Fields, identifier_value, is_name
from tinyscheduler.model.agent import SuccessRule
from tinyscheduler.model.ids import AgentName, LeaseId, TaskId
from tinyscheduler.model.lease import Rung
from tinyscheduler.model.order import Limits, Order
from tinyscheduler.model.resources import NO_RESOURCES, Resources

SCHEMA = 1
ORDER_BYTES_MAX = 1_000_000
"""An order is 2 KB; argv and names that need more would not fit an exec either."""
HEARTBEAT_S_MAX = 3_600
"""A lease that is looked at less often than hourly is not looked after."""

_STDIN = ("prompt", "none")
_SUCCESS: tuple[SuccessRule, ...] = get_args(SuccessRule)
_RUNGS: tuple[Rung, ...] = get_args(Rung)
_REMEDY = "the run is undone and started again by the next passes; remove the file if it stays"


def read_order(path: str) -> Order:
    """The order at ``path``. Raises StateError: not there, not readable, not an order, not sane."""
    try:
        order = order_from_json(json_text.load(files.read_limited(path, ORDER_BYTES_MAX)))
    except OSError as error:
        raise StateError(f"the order {path} cannot be read: {error.strerror}", hint=_REMEDY) from error
    except ValueError as error:
        raise StateError(f"the order {path} is not usable: {error}", hint=_REMEDY) from error
    return order


def order_to_json(order: Order) -> dict[str, object]:
    """The names and their sequence are contracts.md's."""
    return {
        "schema": SCHEMA,
        "task_id": identifier_value(order.task_id),
        "lease_id": order.lease_id,
        "agent": order.agent,
        "tag": order.tag,
        "argv": list(order.argv),
        "env_names": list(order.env_names),
        "prompt_file": order.prompt_file,
        "stdin": order.stdin,
        "cwd": order.cwd,
        "log": order.log,
        "result": order.result,
        "inbox": order.inbox,
        "limits": _limits_to_json(order.limits),
        "heartbeat": order.heartbeat_s,
        "profile": order.profile,
        "success": order.success,
        "redact": list(order.secret_names),
        "engine": order.engine,
        "containment": order.containment,
        "estop": order.estop_file,
        "running": order.running_folder,
        "after": {"argv": list(order.after_argv)},
        "paths": {"read": list(order.reads), "write": list(order.writes)},
        "goal": order.goal,
        "resources": order.resources._asdict(),
    }


def order_from_json(found: object) -> Order:
    """Raises ValueError naming what is wrong."""
    fields = Fields(found)
    fields.choice("schema", (SCHEMA,))
    paths = fields.inner_or_none("paths")
    order = Order(
        task_id=TaskId(fields.identifier("task_id")),
        lease_id=LeaseId(fields.text("lease_id")),
        agent=AgentName(fields.text("agent")),
        tag=fields.text("tag"),
        argv=fields.texts("argv"),
        env_names=fields.texts("env_names"),
        secret_names=fields.texts("redact"),
        prompt_file=fields.text("prompt_file"),
        stdin=fields.choice("stdin", _STDIN),
        cwd=fields.text("cwd"),
        log=fields.text("log"),
        result=fields.text("result"),
        inbox=fields.text("inbox"),
        limits=_limits_from_json(fields.inner("limits")),
        heartbeat_s=fields.seconds("heartbeat"),
        profile=fields.text("profile"),
        success=fields.choice("success", _SUCCESS),
        engine=fields.text("engine"),
        estop_file=fields.text("estop"),
        running_folder=fields.text("running"),
        after_argv=fields.inner("after").texts("argv"),
        containment=fields.choice("containment", _RUNGS) if fields.has("containment") else "scope",
        writes=() if paths is None else paths.texts("write"),
        reads=() if paths is None else paths.texts("read"),
        goal=fields.text_or_none("goal"),
        resources=_resources(fields.inner_or_none("resources")),
    )
    fault = first_fault(order)
    if fault is not None:
        raise ValueError(fault)
    return order


def first_fault(order: Order) -> str | None:
    """One sentence about the first thing that no wrapper could work with; None: it is fit."""
    return next(_faults(order), None)


def _limits_to_json(limits: Limits) -> dict[str, object]:
    return {
        "soft": limits.soft_s,
        "hard": limits.hard_s,
        "grace": limits.grace_s,
        "stall": limits.stall_s,
        "stall_pause": limits.stall_pause_s,
        "output_bytes": limits.output_max_bytes,
        "output_files": limits.output_files,
    }


def _limits_from_json(fields: Fields) -> Limits:
    return Limits(
        hard_s=fields.seconds("hard"),
        soft_s=fields.seconds_or_none("soft"),
        grace_s=fields.seconds("grace"),
        stall_s=fields.seconds_or_none("stall"),
        output_max_bytes=fields.whole("output_bytes"),
        output_files=fields.whole("output_files"),
        stall_pause_s=_whole_or(fields, "stall_pause", Limits._field_defaults["stall_pause_s"]),
    )


def _resources(fields: Fields | None) -> Resources:
    """None: an older order."""
    if fields is None:
        return NO_RESOURCES
    return Resources(fields.number("cpu"), fields.whole("memory_mb"), fields.whole("gpu"))


def _whole_or(fields: Fields, name: str, default: int) -> int:
    """For a name that older orders do not have."""
    value = fields.whole_or_none(name)
    return default if value is None else value


def _faults(order: Order) -> Iterator[str]:
    yield from _name_faults(order)
    yield from _argv_faults(order)
    yield from _path_faults(order)
    yield from _limit_faults(order)


def _name_faults(order: Order) -> Iterator[str]:
    for field, name in (("task_id", order.task_id), ("lease_id", order.lease_id), ("agent", order.agent)):
        if not is_name(name):
            yield f"{field} should be up to 64 letters, digits, '_' or '-', it is {name!r:.80}"
    if not order.tag.endswith(f":{order.task_id}:{order.lease_id}") or "\0" in order.tag:
        yield f"tag should end with the task and its lease_id, it is {order.tag!r:.80}"
    for variable in (*order.env_names, *order.secret_names):
        if not variable or "=" in variable or "\0" in variable:
            yield f"{variable!r:.80} cannot be the name of a variable"


def _argv_faults(order: Order) -> Iterator[str]:
    if not order.argv or not order.argv[0]:
        yield "argv names no program"
    if any("\0" in argument for argument in (*order.argv, *order.after_argv)):
        yield "an argument in argv or after.argv holds a NUL character"


def _path_faults(order: Order) -> Iterator[str]:
    paths = {
        "prompt_file": order.prompt_file,
        "cwd": order.cwd,
        "log": order.log,
        "result": order.result,
        "inbox": order.inbox,
        "estop": order.estop_file,
        "running": order.running_folder,
    }
    for field, path in paths.items():
        if not path.startswith("/") or "\0" in path:
            yield f"{field} should be an absolute path, it is {path!r:.80}"


def _limit_faults(order: Order) -> Iterator[str]:
    limits = order.limits
    smallest = {
        "limits.hard": (limits.hard_s, 1),
        "limits.soft": (limits.soft_s, 1),
        "limits.grace": (limits.grace_s, 0),
        "limits.stall": (limits.stall_s, 1),
        "limits.stall_pause": (limits.stall_pause_s, 1),
        "limits.output_bytes": (limits.output_max_bytes, 1),
        "limits.output_files": (limits.output_files, 1),
        "heartbeat": (order.heartbeat_s, 1),
    }
    for field, (value, least) in smallest.items():
        if value is not None and value < least:
            yield f"{field} should be at least {least}, it is {value}"
    if order.heartbeat_s > HEARTBEAT_S_MAX:
        yield f"heartbeat should be at most {HEARTBEAT_S_MAX} seconds, it is {order.heartbeat_s}"
