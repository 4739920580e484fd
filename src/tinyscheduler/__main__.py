"""``python -m tinyscheduler``, and the file the launcher runs.

The wrapper goes its own way before anything of the command line is imported: it lives as long as
its agent, and everything it imports stays in memory that long.
"""

from __future__ import annotations

import gc
import sys


def main(argv: list[str] | None = None) -> int:
    """Run one command. Returns the exit code of contracts.md."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments[:1] == ["wrap"]:
        from tinyscheduler.cli.wrap import main as wrap

        return wrap(arguments[1:])
    # Looking for cycles while modules load costs a pass 2 ms, with httpx 9; it ends before any
    # garbage matters. Commands that stay switch it on again.
    gc.disable()
    from tinyscheduler.cli.app import main as app

    return app(arguments)


if __name__ == "__main__":
    sys.exit(main())
