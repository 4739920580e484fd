"""The command line: find the command, read its arguments, run it, turn errors into lines."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tinyscheduler.cli.context import Context
from tinyscheduler.cli.plain import SWITCHES, plain_options
from tinyscheduler.config.flags import SETTING_FLAGS
from tinyscheduler.errors import ClockError, ConfigError, TinySchedulerError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from types import ModuleType, SimpleNamespace

EXIT_INTERRUPTED = 130
EXIT_BUG = 1


class Command(NamedTuple):
    """One subcommand; its module has ``add_arguments(parser)`` and ``run(options, context)``."""

    name: str
    module: str
    help: str


COMMANDS = (
    Command("run", "run", "one pass, a preview (--dry-run), or one a minute (--daemon)"),
    Command("plan", "plan", "what the next pass would do, as a file to look at"),
    Command("apply", "apply", "carry out such a plan, if nothing has changed since"),
    Command("status", "status", "what runs, what waits and why, what is wrong"),
    Command("explain", "explain", "why a task runs, waits or is held, and what would release it"),
    Command("backlog", "backlog", "every task that waits, in the order of starts, and why"),
    Command("graph", "graph", "which tasks wait for which, as text, DOT or Mermaid"),
    Command("report", "report", "the workload: sums, agents, queues, priorities, ages, tasks"),
    Command("logs", "logs", "the captured output of a task's agent"),
    Command("stop", "stop", "end a run, or all of them; the task is parked or runs again"),
    Command("pause", "pause", "start nothing new, or not of a queue, an agent, a task"),
    Command("drain", "drain", "start nothing new, and wait until nothing runs"),
    Command("estop", "estop", "stop everything now, and start nothing until it is cleared"),
    Command("kick", "kick", "look now instead of at the next minute"),
    Command("send", "send", "a message to the agent that works on a task"),
    Command("resume", "resume", "end a pause"),
    Command("park", "park", "do not start a task again until retry"),
    Command("retry", "retry", "let a parked or waiting task start again"),
    Command("approve", "approve", "let a task start that asks for approval"),
    Command("release", "release", "give up a lease whose run nobody can prove gone"),
    Command("requeue", "requeue", "set a task idle that nothing of ours works on"),
    Command("task", "task", "add, import, list, show, change, move and complete tasks"),
    Command("serve", "serve", "the embedded task store as an MCP server on loopback"),
    Command("config", "config", "every setting, its value and where it comes from"),
    Command("validate-config", "validate", "all faults of the configuration at once"),
    Command("demo", "demo", "see it work: seven tasks, three agents, under a minute"),
)

EXAMPLES = """examples:
  tinyscheduler demo
  tinyscheduler run --once              what cron calls every minute
  tinyscheduler run --dry-run           show what it would do, change nothing
  tinyscheduler status
  tinyscheduler explain 7
"""


def main(argv: Sequence[str]) -> int:
    """One command, from arguments to exit code. Never raises; a bug leaves its traceback on stderr."""
    # Closed streams (>&-) are None; what is printed then goes nowhere.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for our whole life
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        # Text from a task server may have characters that this terminal has not.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _dispatch(list(argv))
        sys.stdout.flush()
    except TinySchedulerError as error:
        _print_error(error, is_json="--json" in argv)
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except OSError as error:
        if not _is_about_stdout(error):
            raise
        # The reader has gone (head, less), or its disk is full. Keep the interpreter from trying again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            print(f"tinyscheduler: standard output: {error.strerror}", file=sys.stderr)
        return EXIT_BUG
    return code


def _is_about_stdout(error: OSError) -> bool:
    """Adapters translate the errors of files they know; what has no file name was printing."""
    return error.filename is None


def _dispatch(argv: list[str]) -> int:
    if argv[:1] in (["--version"], ["-V"]):
        from tinyscheduler import __version__

        print(f"tinyscheduler {__version__}")
        return 0
    name, rest = _split(argv)
    if name is None:
        print(_overview())
        return 0 if any(word in ("-h", "--help") for word in rest) else 2
    command = next((c for c in COMMANDS if c.name == name), None)
    if command is None:
        raise _no_command(name, argv)
    return _run(command, rest)


def _run(command: Command, arguments: list[str]) -> int:
    import importlib

    _check_clock()
    module = importlib.import_module(f"tinyscheduler.cli.{command.module}")
    plain = plain_options(arguments) if command.name == "run" else None
    options = plain or _judged_options(command, module, arguments)
    code = module.run(options, _context(options))
    assert isinstance(code, int), "a command returns its exit code"
    return code


def _check_clock() -> None:
    """Python counts nanoseconds in 64 bits; so do libraries when they are imported. Raises ClockError."""
    import time

    try:
        time.time()
    except OverflowError as error:
        raise ClockError(
            "the clock of this machine is beyond the year 2262, which cannot be counted",
            hint="set it (timedatectl set-time, date --set); what runs goes on meanwhile",
        ) from error


def _judged_options(command: Command, module: ModuleType, arguments: list[str]) -> Namespace:
    """Raises UsageError; leaves the program after ``--help``."""
    from tinyscheduler.cli.parser import parser_for, read_arguments

    takes_run_flags = command.name in ("run", "config", "validate-config")
    parser = parser_for(command.name, command.help, takes_run_flags=takes_run_flags)
    module.add_arguments(parser)
    return read_arguments(parser, arguments)


def _context(options: Namespace | SimpleNamespace) -> Context:
    overrides = {}
    for name, value in vars(options).items():
        if name.startswith("setting_") and value is not None:
            text = ",".join(value) if isinstance(value, list) else str(value)
            overrides[name.removeprefix("setting_")] = text
    return Context(os.environ, overrides, options.env_file, sys.stdin, sys.stdout, sys.stderr)


def _split(argv: list[str]) -> tuple[str | None, list[str]]:
    """Command and everything else: global flags may stand before it too."""
    takes_value = {f.flag for f in SETTING_FLAGS if f.metavar is not None} | {"--env-file"}
    position = 0
    while position < len(argv) and argv[position].startswith("-"):
        is_valued = argv[position] in takes_value
        if is_valued and (position + 1 == len(argv) or argv[position + 1].startswith("-")):
            raise UsageError(f"{argv[position]} needs a value", hint="tinyscheduler config shows them all")
        position += 2 if is_valued else 1
    if position >= len(argv):
        return None, argv
    return argv[position], argv[:position] + argv[position + 1 :]


def _overview() -> str:
    width = max(len(command.name) for command in COMMANDS)
    lines = [f"  {command.name:<{width}}  {command.help}" for command in COMMANDS]
    return "\n".join(
        [
            "usage: tinyscheduler [settings] COMMAND [arguments]",
            "",
            "Keeps coding agents at work: one pass a minute, no task lost, none run twice.",
            "",
            "commands:",
            *lines,
            "",
            EXAMPLES,
            "tinyscheduler COMMAND --help tells more.",
        ]
    )


def _no_command(name: str, argv: list[str]) -> UsageError:
    """An unknown option before the word is the likelier slip: the word was to be its value."""
    settings = ["--env-file", *(flag.flag for flag in SETTING_FLAGS)]
    known = (*settings, *(f"--{switch}" for switch in SWITCHES))
    options = [word.partition("=")[0] for word in argv[: argv.index(name)]]
    unknown = next((word for word in options if word.startswith("-") and word not in known), None)
    if unknown is not None:
        return UsageError(f"there is no option {unknown}", hint=_nearest(unknown, settings))
    commands = [command.name for command in COMMANDS]
    return UsageError(f"there is no command {name!r}", hint=_task_action(name) or _nearest(name, commands))


def _task_action(name: str) -> str:
    """Half of a command, or nothing."""
    from tinyscheduler.cli.task import ACTIONS

    is_one = any(action.name == name for action in ACTIONS)
    return f"did you mean tinyscheduler task {name}?" if is_one else ""


def _nearest(name: str, known: list[str]) -> str:
    from tinyscheduler.kit.nearest import nearest

    near = nearest(name, known)
    return f"did you mean {near}?" if near else "tinyscheduler --help lists them"


def _print_error(error: TinySchedulerError, *, is_json: bool) -> None:
    if is_json:
        from tinyscheduler.cli.console import error_json

        print(error_json(error), file=sys.stderr)
        return
    hint = f" ({error.hint})" if error.hint else ""
    print(f"tinyscheduler: {error.message}{hint}", file=sys.stderr)
    if isinstance(error, ConfigError):
        for fault in error.faults:
            text = f": {fault.message}" if fault.message else ""
            value = f" = {fault.value}" if fault.value else ""
            print(f"  {fault.field}{value}{text}; {fault.remedy}", file=sys.stderr)
