"""agent-control: commas, marks, keys and names are put right, and only where no agent is worse for it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyscheduler.config.mending.control_text import mended
from tinyscheduler.config.mending.json_spots import last_commas, replaced, spots

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


def at(value: object, path: tuple[object, ...]) -> object:
    for step in path:
        value = value[step]  # type: ignore[index]
    return value


def texts_in(value: object) -> list[str]:
    """Keys and texts, in the order in which they are written."""
    if isinstance(value, dict):
        return [text for key, inner in value.items() for text in (key, *texts_in(inner))]
    if isinstance(value, list):
        return [text for inner in value for text in texts_in(inner)]
    return [value] if isinstance(value, str) else []


@given(st.lists(JSON, max_size=4) | st.dictionaries(st.text(max_size=4), JSON), st.sampled_from([None, 2]))
def test_every_text_is_found_where_it_stands(document, indent):
    text = json.dumps(document, indent=indent, ensure_ascii=False)

    found = list(spots(text))

    assert [spot.said for spot in found] == texts_in(document)
    assert all(spot.path[-1] == spot.said for spot in found if spot.is_key)
    assert all(at(document, spot.path) == spot.said for spot in found if not spot.is_key)
    assert replaced(text, {spot: spot.said for spot in found}) == text


@given(st.lists(JSON, max_size=4))
def test_right_json_has_no_commas_to_take_away(document):
    text = json.dumps(document, indent=1)

    assert last_commas(text) == (text, [])


def draft(text: str | bytes):
    return mended(text.encode() if isinstance(text, str) else text, "crew.json")


def one(**more: object) -> dict[str, object]:
    return {"agentName": "a", "agentType": "dev", **more}


def test_file_that_is_right_is_left_alone():
    text = json.dumps([one(comment=" x ", _mark=1, scope="later", model="unknown")])

    assert draft(text) == (text, (), ())


def test_commas_and_mark_go_and_the_rest_stays():
    text = '\ufeff[\n  {"agentName": "a, ]", "agentType": ["dev", ] , },\n]\n'

    found = draft(text)

    assert found is not None
    assert found.text == '[\n  {"agentName": "a, ]", "agentType": ["dev" ]  }\n]\n'
    assert [tuple(change) for change in found.changes] == [
        ("crew.json", "a byte order mark", "none"),
        ("crew.json:2", "3 commas after last items (lines 2, 2, 2)", "none"),
    ]


@pytest.mark.parametrize(
    "data",
    [b"", b"[", b"[1,,2]", b"[,]x", b'{"agentName": "a",', b"\xff[]", b'[{"a": 1, "a": 2},]', b"nothing"],
)
def test_file_that_cannot_be_read_even_then_is_not_touched(data):
    assert draft(data) is None


@pytest.mark.parametrize("text", ["{}", '{"agentname": "a"}', "3", "null"])
def test_file_that_names_no_agents_is_not_touched(text):
    assert draft(text) is None


def test_keys_get_their_right_names_in_place():
    text = '[{ "agent_name" : "a",\n\t"agentType": "dev", "enabld":false, "env": {"enabld": "x"}}]'

    found = draft(text)

    assert found is not None
    assert found.text == (
        '[{ "agentName" : "a",\n\t"agentType": "dev", "enabled":false, "env": {"enabld": "x"}}]'
    )
    assert [tuple(change) for change in found.changes] == [
        ("crew.json:1", "'agent_name'", "'agentName'"),
        ("crew.json:2", "'enabld'", "'enabled'"),
    ]


def test_blanks_around_names_go_wherever_names_stand():
    item = one(agentName=" a\t", agentType=["dev ", "qa"], account=" team", capabilities=["gpu "])
    item |= {"command": [" sh "], "comment": " x "}

    found = draft(json.dumps([item]))

    assert found is not None
    (mended_item,) = json.loads(found.text)
    assert mended_item == {
        **item, "agentName": "a", "agentType": ["dev", "qa"], "account": "team", "capabilities": ["gpu"]
    }  # fmt: skip


def test_key_with_a_slip_and_name_with_blanks_are_mended_together():
    found = draft('[{"agentname": " a ", "agentType": "dev"}]')

    assert found is not None
    assert found.text == '[{"agentName": "a", "agentType": "dev"}]'


@pytest.mark.parametrize(
    ("items", "why"),
    [
        ([one(enabld=True, enabled=False)], "that is there as well"),
        ([one(enabld=True, enabeld=False)], "another key may mean it too"),
        ([one(enabld="soon")], "at fault then"),
        ([one(workspaces=["a", "b"])], "at fault then"),
        ([one(), one(agentName="a ")], "another agent has that name"),
        ([one(agentType=["dev", " dev"])], "at fault then"),
        ([one(profle="goose")], "at fault then"),
    ],
)
def test_what_needs_a_decision_is_left_and_told(items, why):
    text = json.dumps(items)

    found = draft(text)

    assert found is not None
    assert (found.text, found.changes) == (text, ())
    assert found.left
    assert all(why in left.why for left in found.left)


def test_fault_that_was_hidden_behind_a_slip_does_not_keep_the_slip():
    """Without its name an agent is not looked at any further."""
    found = draft(json.dumps([{"agentname": "a", "agentType": "dev", "profile": "goose"}]))

    assert found is not None
    assert len(found.changes) == 1


def test_mending_twice_changes_nothing_more():
    text = '\ufeff[{"agentname": " a ", "agentType": ["qa "], "max_concurrency": 2, "model": "x",},]'
    first = draft(text)
    assert first is not None

    second = draft(first.text)

    assert second is not None
    assert (second.text, second.changes) == (first.text, ())
