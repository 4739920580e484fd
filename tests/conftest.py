"""What every test may rely on: printed seeds, the repository's folder, and nothing of this machine."""

import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# A failing example is printed as a line that repeats it; a deadline would fail on a busy machine. Fifty
# examples a law are what make test has the time for; make soak and make mutants look more thoroughly.
settings.register_profile("tinyscheduler", deadline=None, print_blob=True, max_examples=50)
settings.register_profile("thorough", settings.get_profile("tinyscheduler"), max_examples=300)
settings.load_profile("tinyscheduler")

# Some machines set this and others do not; what a test starts must not depend on it.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Who runs the tests in the background (nohup, a CI without a terminal) hands these down ignored, and
# every program that a test starts and interrupts would ignore them too.
for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


def pytest_configure(config: pytest.Config) -> None:
    """Take the operator's settings away before any test module can read them."""
    for name in [name for name in os.environ if name.startswith("TINYSCHEDULER_")]:
        del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long tests first: one that begins last would keep a worker busy while the others have nothing to do."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_report_header(config: pytest.Config) -> str:
    """Say what a failure on another machine may depend on."""
    seed = config.getoption("hypothesis_seed") or "random, printed with each failure"
    return f"tinyscheduler: {sys.implementation.cache_tag} on {os.cpu_count()} cores, hypothesis seed: {seed}"


@pytest.fixture(scope="session")
def repo_root() -> Path:
    """The repository: where the launcher, the examples and the documentation are."""
    return Path(__file__).resolve().parent.parent
