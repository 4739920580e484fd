"""Write docs/cli.md from what ``--help`` prints.

Usage: .venv-dev/bin/python tools/cli_docs.py [--check]. A test runs it with --check, which writes
nothing and ends with 1 when the page is not what this makes.
"""

import contextlib
import io
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tinyscheduler.__main__ import main as tinyscheduler
from tinyscheduler.cli.app import COMMANDS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
COLUMNS = "100"

HEAD = """\
# Commands

<!-- Made by tools/cli_docs.py from --help; do not edit. -->

`tinyscheduler [settings] COMMAND [arguments]`. Settings may stand before or after the command. They are
listed under `run` and left out below; what each means stands in [configuration.md](configuration.md), exit
codes in [reasons.md](reasons.md#exit-codes).

`tinyscheduler --version` prints the version. `tinyscheduler wrap ORDER` is the process beside an agent; it is
started by a pass, not by people.

| command | does |
|---|---|
"""


def main(flags: list[str]) -> int:
    """Write the page, or tell whether it is current."""
    made = page()
    if "--check" in flags:
        return 0 if PAGE.read_text(encoding="utf-8") == made else 1
    PAGE.write_text(made, encoding="utf-8")
    return 0


def page() -> str:
    """Return the whole page."""
    rows = [f"| [`{command.name}`](#{command.name}) | {command.help} |" for command in COMMANDS]
    parts = [HEAD + "\n".join(rows)]
    for command in COMMANDS:
        parts += sections_of(command.name)
    return "\n\n".join(parts) + "\n"


def sections_of(command: str) -> Iterator[str]:
    """Yield the section of a command and those of its actions."""
    text = help_of(command)
    yield section("##", command, text, keep_settings=command == "run")
    for action in actions_in(text):
        yield section("###", f"{command} {action}", help_of(command, action), keep_settings=False)


def help_of(*words: str) -> str:
    """Return what ``tinyscheduler WORDS --help`` prints."""
    printed = io.StringIO()
    # argparse asks for the width of the terminal, which must not decide what the page looks like.
    os.environ["COLUMNS"] = COLUMNS
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        tinyscheduler([*words, "--help"])
    return printed.getvalue().strip()


def actions_in(text: str) -> list[str]:
    """Return the names below ``ACTION``."""
    _, _, below = text.partition("\n  ACTION\n")
    return re.findall(r"^    (\S+)", below.partition("\n\n")[0], re.MULTILINE)


def section(level: str, title: str, text: str, *, keep_settings: bool) -> str:
    """Return one heading with its help text."""
    paragraphs = text.split("\n\n")
    kept = [part for part in paragraphs if keep_settings or not part.startswith("settings")]
    body = "\n\n".join(line.rstrip() for line in kept)
    return f"{level} {title}\n\n```text\n{body}\n```"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
