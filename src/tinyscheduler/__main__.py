"""``python -m tinyscheduler``, and the file the launcher runs.

The wrapper goes its own way before anything of the command line is imported: it lives as long as
its agent, and everything it imports stays in memory that long.
"""

from __future__ import annotations

import sys
from typing import NoReturn


def main(argv: list[str] | None = None) -> int:
    """Run one command. Returns the exit code of contracts.md."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments[:1] == ["wrap"]:
        from tinyscheduler.cli.wrap import main as wrap

        return wrap(arguments[1:])
    import gc

    # The collector would run a dozen times over modules that stay: 2 ms of a pass, 9 with httpx.
    gc.set_threshold(100_000, 50, 100)
    from tinyscheduler.cli.app import main as app

    return app(arguments)


def leave(code: int) -> NoReturn:
    """End the process without taking the interpreter apart, which frees one by one what the kernel
    frees at once: 7 ms of a pass, 25 with httpx. Whatever has to be closed has been closed; the
    streams are all that may still have something to say."""
    import os

    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            # ``app.main`` has said it where it matters; nobody can hear it here.
            continue
    os._exit(code)


if __name__ == "__main__":
    exit_code = main()
    if sys.argv[1:2] == ["wrap"]:
        sys.exit(exit_code)
    leave(exit_code)
