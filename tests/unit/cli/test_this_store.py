"""Commands that are printed to be typed, and the store that they are for."""

import io

from tinyscheduler.cli.context import Context
from tinyscheduler.cli.this_store import store_words, tell_store_of
from tinyscheduler.views.table import Table, columns

LEVER = "if it is done: tinyscheduler task done 1"


def called_with(env_file: str | None = None, **flags: str) -> Context:
    return Context({}, flags, env_file, io.StringIO(), io.StringIO(), io.StringIO())


def test_a_store_of_flags_is_named_as_it_was_given_for_a_shell() -> None:
    context = called_with("my env", BASE_PATH="../md", MCP_ENDPOINT="http://127.0.0.1:3100")

    found = store_words(context, ["nothing to type", LEVER])

    assert found == (
        "commands for this store begin with: tinyscheduler --env-file 'my env' --base-path ../md"
        " --mcp-endpoint http://127.0.0.1:3100"
    )


def test_the_default_store_and_words_without_commands_need_none() -> None:
    assert store_words(called_with(), [LEVER]) == ""
    assert store_words(called_with(MAX_PARALLEL="3", LOG_LEVEL="DEBUG"), [LEVER]) == ""
    assert store_words(called_with(BASE_PATH="/x"), ["wait for a slot"]) == ""


def test_what_programs_read_stays_as_it_is() -> None:
    context = called_with(STATE_DIR="s")

    tell_store_of(context, [Table("held", columns("TASK", "*LEVER"), (("2", LEVER),))])

    assert isinstance(context.stdout, io.StringIO)
    assert isinstance(context.stderr, io.StringIO)
    assert context.stdout.getvalue() == ""
    assert context.stderr.getvalue() == (
        "tinyscheduler: note: commands for this store begin with: tinyscheduler --state-dir s\n"
    )
