"""Play one life again, step by step, or many, to count.

``python -m tests.simulation --seed N --trace`` tells the story of one seed;
``python -m tests.simulation --soak 1000000`` plays so many steps; a million or more are written into
docs/reliability.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

from tests.simulation.figures import PAGE, Tally, write_into
from tests.simulation.house import GIVING_SEEDS, KEEPING_SEEDS, PAUSING_SEEDS, LawBroken
from tests.simulation.life import STEPS, Life, a_house, replay

SOAK_SEEDS = tuple(1_000_000 + first for first in (0, KEEPING_SEEDS, PAUSING_SEEDS, GIVING_SEEDS))
"""In turns, so that all kinds of houses are played; other lives than those of ``make test``."""
BROKEN_MAX = 20
"""So many are enough to work on."""


def main() -> int:
    options = _options()
    if options.soak:
        return _soak(options.soak)
    tally = Tally()
    for seed in range(options.seed, options.seed + options.lives):
        _play(tally, seed, steps=options.steps, listener=print if options.trace else None)
    print(f"{tally.lives} lives, {tally.steps} steps, {tally.rate():.0f} a second")
    return 1 if tally.broken else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=0, help="the first life to play")
    parser.add_argument("--lives", type=int, default=1, help="how many, with the seeds that follow")
    parser.add_argument("--steps", type=int, default=STEPS, help="length of a life before its end")
    parser.add_argument("--trace", action="store_true", help="tell the story")
    parser.add_argument(
        "--soak",
        type=int,
        metavar="STEPS",
        help="play so many steps; from a million on the figures are written into the docs",
    )
    return parser.parse_args()


def _play(tally: Tally, seed: int, *, steps: int, listener: Callable[[str], None] | None) -> None:
    house = a_house(seed)
    house.story = listener
    began = time.perf_counter()
    try:
        Life(house).live(steps)
    except LawBroken as error:
        tally.broken.append((seed, error.law, str(error)))
        print(f"seed {seed}: {error}\n  {replay(seed)}", file=sys.stderr)
    except Exception as error:
        tally.broken.append((seed, "error", repr(error)))
        print(f"seed {seed}: {error!r}\n  {replay(seed)}", file=sys.stderr)
        if listener is not None:
            raise
    tally.seconds += time.perf_counter() - began
    tally.add(house)


def soak_seed(number: int) -> int:
    """Of the life with this number."""
    return SOAK_SEEDS[number % len(SOAK_SEEDS)] + number // len(SOAK_SEEDS)


WRITTEN_STEPS_MIN = 1_000_000
"""A short one is somebody's trial, and no figure for the docs."""


def _soak(steps: int) -> int:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    tally = Tally()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"))
    with Progress(*columns, TimeRemainingColumn()) as progress:
        bar = progress.add_task("worlds", total=steps, said="")
        while tally.steps < steps and len(tally.broken) < BROKEN_MAX:
            _play(tally, soak_seed(tally.lives), steps=STEPS, listener=None)
            progress.update(bar, completed=tally.steps, said=_said(tally))
    print(tally.markdown())
    if tally.broken:
        return 1
    if steps < WRITTEN_STEPS_MIN:
        return 0
    with open(PAGE, encoding="utf-8") as file:
        page = write_into(file.read(), tally.markdown())
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page)
    return 0


def _said(tally: Tally) -> str:
    return (
        f"{tally.lives:,} worlds  {tally.steps:,} steps  {tally.rate():,.0f}/s  "
        f"{tally.faults():,} faults  {len(tally.places)} places of death  {len(tally.broken)} laws broken"
    )


if __name__ == "__main__":
    sys.exit(main())
