"""Every cell of the matrix about functions, by their answer and by what changes in the whole database."""

import json

import pytest

from tests.access.calls import CALLS, without_meaning
from tests.access.matrix import Cell, served
from tests.access.refusals import assert_denied
from tests.access.world import World


@pytest.mark.parametrize("cell", served("function"), ids=str)
def test_functions(world: World, cell: Cell) -> None:
    call = CALLS.get((cell.name, cell.row))
    arguments = call.arguments(world) if call else without_meaning(world, cell.name)
    before = world.everything()
    client, address = world.clients[cell.caller], f"/rest/v1/rpc/{cell.name.removeprefix('public.')}"
    answer = client.post(address, json=arguments)
    after = world.everything()
    if cell.outcome == "denied":
        assert_denied(answer, cell.caller)
        # This function itself, and not only what it would go on to do.
        assert answer.json()["message"] == f"permission denied for function {cell.name.removeprefix('public.')}"
        in_query = {k: v if isinstance(v, str) else json.dumps(v) for k, v in arguments.items()}
        assert client.get(address, params=in_query).is_client_error
        assert world.everything() == before
    elif cell.outcome == "refused":
        assert_denied(answer, cell.caller)
        assert "permission denied" not in answer.text
        assert after == before
    elif call is None:
        assert cell.outcome == "called"
        assert answer.status_code != 404
        assert "permission denied" not in answer.text
    else:
        assert answer.is_success, answer.text
        assert (cell.outcome == "none") == (answer.text == "null")
        assert (after != before) == call.writes
