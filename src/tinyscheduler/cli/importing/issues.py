"""``gh issue list --json number,title,body,labels,state,url``: each issue a task.

Its text is a stranger's: what looks like front matter at its beginning must not order our scheduler about, so
the address of the issue stands before it. Labels become tags: only who may triage gives them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tinyscheduler.cli import task_texts
from tinyscheduler.cli.importing.outline import (
    OWN_TAGS,
    Item,
    Outline,
    checked,
    description_at,
    fault,
    title_at,
)
from tinyscheduler.errors import UsageError


def is_issue(value: object) -> bool:
    """It has what ``gh`` calls an issue's number, and no id of a task."""
    return isinstance(value, dict) and "number" in value and "status" not in value


def read_issues(rows: Sequence[object]) -> Outline:
    """Raises UsageError naming the place."""
    items = [_item(f"[{at}]", row) for at, row in enumerate(rows)]
    met: dict[str, str] = {}
    for item in items:
        if item.identity in met:
            raise fault(item.place, f"{met[item.identity]} is the same issue", hint="take one of them out")
        met[item.identity] = item.place
    return Outline(checked(items))


def _item(place: str, row: object) -> Item:
    if not isinstance(row, dict):
        raise fault(place, "it is not an object")
    number, title = row.get("number"), row.get("title")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise fault(f"{place}.number", "it is not the number of an issue")
    if not isinstance(title, str):
        hint = "gh issue list --json number,title,body,labels,state,url"
        raise fault(f"{place}.title", "an issue has a title", hint=hint)
    url = _text(place, row, "url")
    body = _text(place, row, "body").replace("\r\n", "\n").strip("\n")
    address = url or f"Issue #{number}"
    shown = title_at(f"{place}.title", title)
    return Item(
        title=shown,
        place=f"issue #{number}",
        identity=url or f"issue {number}\n{shown}",
        description=description_at(place, f"{address}\n\n{body}".rstrip("\n")),
        is_done=_is_closed(place, row),
        tags=_tags(place, row),
    )


def _is_closed(place: str, row: Mapping[str, object]) -> bool:
    state = row.get("state")
    if state is None:
        return row.get("closed") is True
    if not isinstance(state, str) or state.upper() not in ("OPEN", "CLOSED"):
        raise fault(f"{place}.state", "it is neither OPEN nor CLOSED")
    return state.upper() == "CLOSED"


def _tags(place: str, row: Mapping[str, object]) -> tuple[str, ...]:
    """Names of labels, and the milestone's."""
    labels = row.get("labels") or []
    if not isinstance(labels, list):
        raise fault(f"{place}.labels", "it is not a list")
    names = [label.get("name") if isinstance(label, dict) else label for label in labels]
    milestone = row.get("milestone")
    if isinstance(milestone, dict):
        names.append(milestone.get("title"))
    if not all(isinstance(name, str) for name in names):
        raise fault(f"{place}.labels", "a label has a name")
    tags = dict.fromkeys(_tag(str(name)) for name in names)
    try:
        return task_texts.tags_of(list(tags)) or ()
    except UsageError as error:
        raise fault(f"{place}.labels", error.message, hint=error.hint) from error


def _tag(label: str) -> str:
    """A label ``after:12`` means an issue, or something else; here it would be a task."""
    return f"label:{label}" if label.startswith(OWN_TAGS) else label


def _text(place: str, row: Mapping[str, object], key: str) -> str:
    value = row.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise fault(f"{place}.{key}", "it is not text")
    if key == "url" and (not value.isprintable() or len(value) > task_texts.URL_CHARS_MAX):
        raise fault(f"{place}.url", "it is not an address")
    return value
