"""Houses for the tests of the launcher and its set-up."""

import shutil
from pathlib import Path

import pytest

from tests.acceptance.launcher.house import Supplies, build_house, gather_supplies, start


@pytest.fixture(scope="session")
def supplies(repo_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Supplies:
    """Wheels and an interpreter."""
    return gather_supplies(repo_root, tmp_path_factory.mktemp("supplies"))


@pytest.fixture(scope="session")
def ready_house(supplies: Supplies, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A house that is set up, to copy from."""
    house = build_house(tmp_path_factory.mktemp("ready") / "house", supplies)
    assert start(house / "tinyscheduler", environment=supplies.environment).returncode == 0
    return house


@pytest.fixture
def house(ready_house: Path, tmp_path: Path) -> Path:
    """A house of one's own that is set up."""
    return Path(shutil.copytree(ready_house, tmp_path / "house", symlinks=True))


@pytest.fixture
def bare_house(supplies: Supplies, tmp_path: Path) -> Path:
    """A house as after git clone, with a blank in its path."""
    return build_house(tmp_path / "a house", supplies)
