"""One pass whose wrappers are started below another program: ``start_under.py PREFIX...``.

A program of its own and not a function, because a pass is one: environment, standard streams and the
way it ends are those of ``tinyscheduler run --once``. Only the argv of the engine is longer.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from tinyscheduler import bootstrap
from tinyscheduler.adapters.engines.local import LocalEngine
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.run import print_report
from tinyscheduler.reconcile.run import run_once


def main(prefix: list[str]) -> int:
    context = Context(os.environ, {}, None, sys.stdin, sys.stdout, sys.stderr)
    world = bootstrap.wire(bootstrap.load(context, write_cache=True), context)
    program = world.after_argv[: world.after_argv.index("run")]
    engine = LocalEngine(os.environ, (*prefix, *program, "wrap"))
    try:
        report = run_once(world._replace(engine=engine))
    finally:
        world.server.close()
    print_report(report, context, is_json=False)
    return report.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
