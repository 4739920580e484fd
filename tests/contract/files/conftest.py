"""Every test of this folder runs on both file systems."""

from __future__ import annotations

import pytest

from tests.contract.files.implementations import Place, a_place_in_memory, a_real_place


@pytest.fixture(params=[a_real_place, a_place_in_memory], ids=["real", "memory"])
def place(request, tmp_path) -> Place:
    made: Place = request.param(str(tmp_path))
    return made
