"""Every cell of the matrix that says absent: what is private cannot be reached, and nothing comes of trying."""

import pytest

from tests.access.matrix import CALLERS, cells
from tests.access.refusals import assert_absent
from tests.access.world import World


@pytest.mark.parametrize("kind", ["table", "function"])
@pytest.mark.parametrize("caller", CALLERS)
def test_absent(world: World, caller: str, kind: str) -> None:
    absent = [cell for cell in cells(kind) if (cell.caller, cell.outcome) == (caller, "absent")]
    assert absent
    before = world.everything()
    for cell in absent:
        assert_absent(world.clients[caller], cell)
    assert world.everything() == before
