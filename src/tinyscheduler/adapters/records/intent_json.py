"""Intent <-> JSON. Apart from the folder, because most passes find it empty and never come here."""

from __future__ import annotations

import re
from typing import get_args

from tinyscheduler.kit.fields import Fields, exact_instant_text, identifier_value
from tinyscheduler.model.ids import LeaseId, TaskId
from tinyscheduler.model.intent import BY_CHARS_MAX, REASON_CHARS_MAX, Intent, IntentKind

SCHEMA = 1

_KINDS: tuple[IntentKind, ...] = get_args(IntentKind)
_ID = re.compile(r"\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{8}")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def intent_to_json(intent: Intent) -> dict[str, object]:
    """What a person looks for comes first. The id is the file's name."""
    return {
        "schema": SCHEMA,
        "kind": intent.kind,
        "task_id": identifier_value(intent.task_id),
        "lease_id": intent.lease_id,
        "by": intent.by,
        "reason": intent.reason,
        "at": exact_instant_text(intent.at),
        "requeue": intent.requeue,
        "source": intent.source,
        "mark": intent.mark,
    }


def intent_from_json(found: object, *, intent_id: str) -> Intent:
    """Raises ValueError: what is wrong. Ids are checked because they become parts of paths (law 11)."""
    if not _ID.fullmatch(intent_id):
        raise ValueError("its name is not that of an intent")
    fields = Fields(found)
    fields.choice("schema", (SCHEMA,))
    lease_id = fields.text_or_none("lease_id")
    return Intent(
        id=intent_id,
        kind=fields.choice("kind", _KINDS),
        task_id=TaskId(_name("task_id", fields.identifier("task_id"))),
        lease_id=None if lease_id is None else LeaseId(_name("lease_id", lease_id)),
        by=fields.line("by", BY_CHARS_MAX),
        at=fields.instant("at"),
        reason=fields.line("reason", REASON_CHARS_MAX),
        requeue=fields.truth("requeue"),
        source=fields.text("source"),
        mark="" if fields.raw("mark") is None else fields.line("mark", BY_CHARS_MAX),
    )


def _name(field: str, text: str) -> str:
    if _NAME.fullmatch(text):
        return text
    raise ValueError(f"{field} is not a name")
