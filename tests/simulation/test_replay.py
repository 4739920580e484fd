"""A seed says everything: the same life again, whatever else is different in the process."""

from __future__ import annotations

import os
import re
import subprocess
import sys

LEASE_ID = re.compile(r"\b[0-9a-f]{8,16}\b")


def story(seed: int, hash_seed: str) -> str:
    """With lease ids by the order in which they appear: they are random, and nothing hangs on them."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation", "--seed", str(seed), "--trace"],
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": "src"},
        capture_output=True,
        text=True,
        check=True,
    )
    names: dict[str, str] = {}
    told = done.stdout.rpartition("\n1 lives")[0]
    return LEASE_ID.sub(lambda match: names.setdefault(match[0], f"lease-{len(names)}"), told)


def test_a_seed_tells_the_same_story_in_another_process():
    for seed in (3, 17):
        told = story(seed, "1")

        assert told == story(seed, "2")
        assert "ends its pass" in told
