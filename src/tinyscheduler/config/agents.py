"""Read agent-control: who there is, what each serves, what it runs. Cold path only.

A broken file is a list of faults and never "no file": legacy mode by accident would start other
agents than the operator named (features D5).
"""

from __future__ import annotations

import json
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from tinyscheduler.config import rules
from tinyscheduler.config.agent_environment import parse_environment
from tinyscheduler.config.control_tables import HOURS_WANTED, Hours
from tinyscheduler.config.faults import sentence, shown, suggestion
from tinyscheduler.config.needs import RESOURCES_WANTED, SCOPE_WANTED, ResourcesEntry, ScopeList, as_list
from tinyscheduler.config.settings import WEEK_S
from tinyscheduler.errors import Fault
from tinyscheduler.kit import json_text
from tinyscheduler.model.agent import EnvValue

LATER_KEYS = ("recipe", "mode")
"""Agreed names (contracts) that this version does not act upon; whoever writes one is told so."""

PROFILES = (
    "goose", "claude", "codex", "opencode", "gemini", "aider", "cursor", "amp", "copilot", "qwen", "llm",
)  # fmt: skip
"""Known agent programs (features F2). Until they are built in, each needs its ``command``."""


def _check_queues(value: list[str]) -> list[str]:
    twice = sorted({name for name in value if value.count(name) > 1})
    if twice or not value:
        raise ValueError(f"{twice[0]} is there twice" if twice else "it names no queue")
    return value


def _check_profile(value: str) -> str:
    if value != "command" and value not in PROFILES:
        raise ValueError(f"there is no such profile{suggestion(value, (*PROFILES, 'command'))}")
    return value


Name = Annotated[str, AfterValidator(rules.check_name)]
RunTime = Annotated[int, Field(ge=1, le=WEEK_S)]


class LimitsEntry(BaseModel):
    """``limits`` of one agent."""

    model_config = ConfigDict(strict=True, extra="forbid")
    hard_sec: RunTime | None = None
    soft_sec: RunTime | None = None
    stall_sec: Annotated[int, Field(ge=0, le=WEEK_S)] | None = None


class AgentEntry(BaseModel):
    """One object of the file. Unknown keys are looked for before, so they are ignored here."""

    model_config = ConfigDict(strict=True, extra="ignore")
    name: Name = Field(alias="agentName")
    queues: Annotated[list[Name], AfterValidator(_check_queues), BeforeValidator(as_list)] = Field(
        alias="agentType"
    )
    slots: int | None = Field(default=None, alias="maxConcurrency", ge=0, le=rules.SLOTS_MAX)
    is_enabled: bool = Field(default=True, alias="enabled")
    is_on_demand: bool = Field(default=False, alias="onDemand")
    weight: float = Field(default=1.0, ge=0, le=1_000_000, allow_inf_nan=False)
    capabilities: list[Name] = []
    account: Name | None = None
    profile: Annotated[str, AfterValidator(_check_profile)] = "command"
    command: Annotated[tuple[str, ...], BeforeValidator(rules.parse_command)] | None = None
    environment: Annotated[tuple[EnvValue, ...], BeforeValidator(parse_environment)] = Field(
        default=(), alias="env"
    )
    workspace: Annotated[str, AfterValidator(rules.check_path)] | None = None
    success: Literal["result", "exit_code"] = "exit_code"
    limits: LimitsEntry = LimitsEntry()
    stdin: Literal["prompt", "none"] = "prompt"
    hours: Hours = Field(default=(), alias="activeHours")
    scope: ScopeList = []
    resources: ResourcesEntry = ResourcesEntry()


KNOWN_KEYS = tuple(field.alias or name for name, field in AgentEntry.model_fields.items())

_REMEDIES = {
    "agentName": "give it a name of letters, digits, _ and -, 64 at most, that no other agent has",
    "agentType": "name the queue it serves, or a list of queues",
    "maxConcurrency": f"write a whole number from 0 to {rules.SLOTS_MAX}",
    "enabled": "write true or false",
    "onDemand": "write true or false",
    "weight": "write a number from 0 to 1000000",
    "capabilities": "write a list of names",
    "account": "write one name",
    "profile": "write command, or leave it out",
    "command": 'write the argv as a list, like ["my-agent", "--task", "{task_id}"]',
    "env": 'write {"NAME": "value"}, {"NAME": {"from": "NAME"}} or {"NAME": {"file": "path"}}',
    "workspace": "write a folder; a relative one starts at this file",
    "success": "write result or exit_code",
    "limits": 'write {"hard_sec": N, "soft_sec": N, "stall_sec": N} with whole numbers '
    f"from 1 to {WEEK_S}; stall_sec may be 0",
    "stdin": "write prompt or none",
    "activeHours": f"write {HOURS_WANTED}",
    "scope": f"write {SCOPE_WANTED}",
    "resources": f"write {RESOURCES_WANTED}",
}


class ControlFile(NamedTuple):
    """What the file says, and what is to be said about it."""

    entries: tuple[AgentEntry, ...]
    notes: tuple[str, ...]
    faults: tuple[Fault, ...]


def read_control(data: bytes, path: str) -> ControlFile:
    """Take the file apart. Never raises: all that is wrong comes back together."""
    try:
        found = parse(data)
    except ValueError as error:
        return ControlFile(
            (), (), (Fault(path, "", "mend the file with an editor or a JSON tool", str(error)),)
        )
    if not isinstance(found, list):
        fault = Fault(
            path, shown(found), 'write [{"agentName": ...}, ...]', "it is not a JSON array of agents"
        )
        return ControlFile((), (), (fault,))
    notes = tuple(note for at, item in enumerate(found) for note in _notes(item, f"{path}[{at}]"))
    faults: list[Fault] = []
    entries = tuple(
        entry for at, item in enumerate(found) if (entry := _entry(item, f"{path}[{at}]", faults)) is not None
    )
    faults += _duplicates(found, path)
    return ControlFile(entries, notes, tuple(faults))


def parse(data: bytes) -> object:
    """JSON with its place in every complaint. Raises ValueError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        utf_16 = ", it looks like UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ""
        raise ValueError(f"byte {error.start} is not UTF-8{utf_16}") from error
    try:
        return json_text.load(text.encode())
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"it is not JSON: {error.msg.lower()} at {where}") from error


def faults_of_entry(item: object, where: str) -> tuple[Fault, ...]:
    """What is wrong with one object of the file by itself."""
    faults: list[Fault] = []
    _entry(item, where, faults)
    return tuple(faults)


def _entry(item: object, where: str, faults: list[Fault]) -> AgentEntry | None:
    if not isinstance(item, dict):
        faults.append(Fault(where, shown(item), 'write {"agentName": ..., ...}', "it is not a JSON object"))
        return None
    try:
        entry = AgentEntry.model_validate(item)
    except ValidationError as error:
        faults += [_fault(found, item, where) for found in error.errors(include_url=False)]
        return None
    faults += _contradictions(entry, where)
    return entry


def _fault(error: ErrorDetails, item: dict[str, object], where: str) -> Fault:
    key = str(error["loc"][0])
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"])
    # What stands in "env" may be a secret that should have been given by reference.
    value = "" if key == "env" or error["type"] == "missing" else shown(error.get("input", item.get(key)))
    remedy = _REMEDIES.get(key, "")
    if error["type"] == "missing":
        near = next((name for name in item if suggestion(name, (key,))), None)
        remedy += f" (there is a key {shown(near)})" if near else ""
    return Fault(f"{where}{place}", value, remedy, sentence(error))


def _contradictions(entry: AgentEntry, where: str) -> list[Fault]:
    faults = []
    if entry.profile != "command" and entry.command is None:
        remedy = f"give the command that runs {entry.profile}; built-in profiles come with a later version"
        faults.append(Fault(f"{where}.profile", entry.profile, remedy, "the profile is not built in yet"))
    soft, hard = entry.limits.soft_sec, entry.limits.hard_sec
    if soft is not None and hard is not None and soft >= hard:
        message = f"it is not below hard_sec ({hard})"
        faults.append(Fault(f"{where}.limits.soft_sec", str(soft), "make it smaller", message))
    return faults


def _duplicates(found: list[object], path: str) -> list[Fault]:
    first: dict[str, int] = {}
    faults = []
    for at, item in enumerate(found):
        name = item.get("agentName") if isinstance(item, dict) else None
        if isinstance(name, str) and first.setdefault(name, at) != at:
            message = f"agent {first[name]} of the file has the same name"
            faults.append(Fault(f"{path}[{at}].agentName", shown(name), _REMEDIES["agentName"], message))
    return faults


def _notes(item: object, where: str) -> list[str]:
    names = item if isinstance(item, dict) else {}
    return [note for name in names if (note := _note(str(name), where))]


def is_for_people(name: str) -> bool:
    """A key that says nothing to the program."""
    return name == "comment" or name.startswith("_")


def _note(name: str, where: str) -> str | None:
    if name in KNOWN_KEYS or is_for_people(name):
        return None
    if name in LATER_KEYS:
        return f"{where}: {name} comes with a later version and has no effect yet"
    return f"{where}: there is no key {shown(name)}{suggestion(name, (*KNOWN_KEYS, *LATER_KEYS))}"
