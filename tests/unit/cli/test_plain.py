"""Arguments read without argparse mean what argparse says they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyscheduler.cli import run
from tinyscheduler.cli.parser import parser_for
from tinyscheduler.cli.plain import plain_options
from tinyscheduler.config.flags import SETTING_FLAGS

WORDS = st.sampled_from(
    ["--once", "--json", "--daemon", "--env-file", *(flag.flag for flag in SETTING_FLAGS)]
)
VALUES = st.sampled_from(["", "1", "a=2", "--once", "-1", "--", "two words", "--base-path=x", "é"])


def judged(arguments: list[str]) -> dict[str, object]:
    """Of argparse, without what was not given."""
    parser = parser_for("run", "one pass", takes_run_flags=True)
    run.add_arguments(parser)
    return {name: value for name, value in vars(parser.parse_args(arguments)).items() if value is not None}


@given(st.lists(st.one_of(WORDS, VALUES), max_size=6))
def test_what_is_read_plainly_is_what_argparse_reads(arguments: list[str]) -> None:
    options = plain_options(arguments)

    if options is not None:
        given_names = {name: value for name, value in vars(options).items() if value is not None}
        assert given_names == judged(arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--once"],
        ["--base-path", "/srv", "--once"],
        ["--agent-limit", "a=1", "--agent-limit", "b=2", "--dry-run", "--json"],
    ],
)
def test_the_lines_of_cron_and_of_a_wrapper_need_no_argparse(arguments: list[str]) -> None:
    assert plain_options(arguments) is not None


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--onec"], ["--base-path"], ["--once", "--daemon"], ["--base-path", "--once"]]
)
def test_errors_and_help_are_left_to_argparse(arguments: list[str]) -> None:
    assert plain_options(arguments) is None
