"""A network that loses, cuts, delays or repeats one exchange between a pass and its task server: a claim is
won, lost or unknown, and the work is done once (law 4, features B11)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.scene import Scene
from tests.integration.faults.figures import Figures
from tests.integration.faults.house import House, last_line
from tests.integration.faults.trials import Tally
from tests.rigs.proxy import WAYS, Proxy, Way, a_proxy

MOMENTS: dict[str, Callable[[House], str]] = {"start": House.idle, "settle": House.ended}
SHORT_WAYS: tuple[Way, ...] = ("unanswered", "refused")

SHORT_EVERY = 2


class Line:
    """A house whose passes reach their server through a proxy."""

    def __init__(self, house: House, proxy: Proxy) -> None:
        self.house = house
        self.proxy = proxy

    def exchanges(self, moment: str) -> int:
        """Of a clean pass."""
        task_id = MOMENTS[moment](self.house)
        self.proxy.be_well()
        self.house.one_pass(())
        count = self.proxy.exchanges()
        assert self.house.recover(task_id) == []
        return count

    def spoilt(self, moment: str, number: int, way: Way) -> list[str]:
        """What is wrong when one exchange was spoilt and all that followed from it is over."""
        task_id = MOMENTS[moment](self.house)
        self.proxy.spoil(number, way)
        said = self.house.one_pass(())
        self.proxy.be_well()
        wrong = [f"a traceback: {last_line(said)}"] if "Traceback" in said else []
        found = wrong + self.house.recover(task_id)
        return [f"{moment}: {way} at exchange {number}: {sentence}" for sentence in found]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    house = House(Scene(tmp_path / "base"))
    house.scene.serve()
    (served,) = re.findall(
        r"MCP_ENDPOINT=http://127\.0\.0\.1:(\d+)/mcp", (house.scene.base / ".env").read_text()
    )
    port = int(served)
    with a_proxy(("127.0.0.1", port)) as proxy:
        house.scene.configure(MCP_ENDPOINT=f"http://127.0.0.1:{proxy.port}/mcp")
        task_id = house.idle()
        assert house.recover(task_id) == []
        yield Line(house, proxy)
        house.scene.close()


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_exchange_that_is_lost_on_the_way_loses_nothing_and_doubles_nothing(line: Line, moment: str) -> None:
    count = line.exchanges(moment)

    chosen = [(1 + n, SHORT_WAYS[n // SHORT_EVERY % 2]) for n in range(0, count, SHORT_EVERY)]
    troubles = [line.spoilt(moment, number, way) for number, way in chosen]
    assert len(chosen) > 2
    assert troubles == [[]] * len(chosen)


@pytest.mark.soak
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("way", WAYS)
def test_any_exchange_may_be_spoilt_in_any_way(line: Line, figures: Figures, moment: str, way: Way) -> None:
    count = line.exchanges(moment)
    troubles = [text for n in range(count) for text in line.spoilt(moment, 1 + n, way)]
    figures.add("network", Tally(count, tuple(troubles)))

    assert troubles == []
