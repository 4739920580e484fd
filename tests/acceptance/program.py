"""The program as cron starts it, behind the launcher."""

from __future__ import annotations

import os
import sys

from tests.integration.commands import ROOT

PROGRAM = (sys.executable, "-I", "-X", "utf8", str(ROOT / "src/tinyscheduler/__main__.py"))
"""What the launcher becomes."""
CALL_TIMEOUT_S = 30
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups") if os.geteuid() == 0 else ()
"""Starts a program as a user whom file modes stop; they do not stop root."""


def cron_environment(home: str) -> dict[str, str]:
    """All that cron gives (crontab(5)), and what the launcher adds."""
    return {
        "HOME": home,
        "LOGNAME": "agents",
        "SHELL": "/bin/sh",
        "PATH": "/usr/bin:/bin",
        "TINYSCHEDULER_HOME": home,
    }
