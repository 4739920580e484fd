"""``run --daemon``: wire the loop to signals and to the terminal."""

from __future__ import annotations

from tinyscheduler.bootstrap import load, stop_signal, system_clock, wire
from tinyscheduler.cli.context import Context
from tinyscheduler.cli.run import print_report
from tinyscheduler.model.configuration import Configuration
from tinyscheduler.reconcile.loop import run_loop
from tinyscheduler.reconcile.report import Report


def run_daemon(context: Context, configuration: Configuration) -> int:
    """0 after SIGTERM or SIGINT; the pass at work is finished first. A second one leaves at once."""

    def tell(report: Report) -> None:
        print_report(report, context, is_json=False)
        context.stderr.flush()

    run_loop(
        configuration,
        reload=lambda: load(context, write_cache=True),
        wire=lambda fresh: wire(fresh, context),
        tell=tell,
        clock=system_clock(),
        stop=stop_signal(),
    )
    return 0
