"""``tinyscheduler demo``: the whole machine at work, in a temporary folder, in well under a minute."""

from __future__ import annotations

import argparse
import signal
from types import FrameType

from tinyscheduler.cli.context import Context
from tinyscheduler.errors import UsageError

DESCRIPTION = """\
Play seven tasks with three scripted agents, a real task server and real passes, in a temporary folder:
one task waits for another, one fails, one has its wrapper killed in the middle, one is handed over.
None of your settings is read and nothing of yours is touched; no network is needed.
"""
EXAMPLES = """\
examples:
  tinyscheduler demo
  tinyscheduler demo --keep             and look around in the folder afterwards
  NO_COLOR=1 tinyscheduler demo | less

Exit code 0: everything that it shows was checked and is true. 1: something was not; it says what.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments besides the settings."""
    parser.description = DESCRIPTION
    parser.epilog = EXAMPLES
    parser.add_argument("--keep", action="store_true", help="leave the folder, and say where it is")
    parser.add_argument("--json", action="store_true", help="print one JSON object at the end")


def run(options: argparse.Namespace, context: Context) -> int:
    """0: every promise was kept. Raises WorldError when the demo cannot be set up, UsageError."""
    if context.overrides or context.env_file is not None:
        raise UsageError("the demo takes no settings", hint="it brings its own; leave the others out")
    wish = _Wish()
    # Only now: its imports take a while, and whoever interrupts them has nothing to clean up.
    from tinyscheduler.cli.demo_play import Play
    from tinyscheduler.cli.demo_show import Show
    from tinyscheduler.cli.demo_stage import Stage

    show = Show(context, is_json=options.json)
    stage = Stage(context.environ)
    is_kept = False
    try:
        show.opening(stage)
        play = Play(stage, context, tell=show.line, is_stopped=wish.is_uttered)
        show.ending(play, play.perform())
        is_kept = bool(options.keep)
    except KeyboardInterrupt:
        print("\ntinyscheduler: interrupted; what was started is being ended", file=context.stderr)
        raise
    finally:
        trouble = stage.clear(keep=is_kept)
    return show.close(stage, is_kept=is_kept, trouble=trouble)


class _Wish:
    """Ctrl+C, SIGTERM and a closed terminal as a wish: what was started has to be ended first, however
    often it is uttered. Everything after it is limited to some seconds."""

    def __init__(self) -> None:
        self._is_uttered = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Who has us ignore one (nohup, a background job) means it.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._note)

    def is_uttered(self) -> bool:
        """Somebody wants the demo to end."""
        return self._is_uttered

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._is_uttered = True
