"""No cell is missing: what is added to the database later fails here until the matrix says who may do what with it."""

from typing import LiteralString

import pytest

from tests.access.calls import CALLS
from tests.access.matrix import ACTIONS, OUTCOMES, catalogue, names, read_lines
from tests.access.rows import RECIPES
from tests.access.world import World


def test_the_matrix_has_what_the_database_has_and_nothing_else(world: World) -> None:
    there = catalogue(world.database)
    assert set(there) - names() == set(), "say in the matrix who may do what with it"
    assert names() - set(there) == set(), "take it out of the matrix"
    assert len(there) == len(names()), "a function has two forms: name them apart"


@pytest.mark.parametrize(
    ("statement", "added"),
    [
        ("create table public.later ()", ("table", "public.later")),
        ("create table private.later ()", ("table", "private.later")),
        ("create view public.later as select", ("table", "public.later")),
        ("create materialized view public.later as select", ("table", "public.later")),
        ("create table public.later (a int) partition by list (a)", ("table", "public.later")),
        ("create function public.later() returns int return 1", ("function", "public.later")),
        ("create function private.later() returns int return 1", ("function", "private.later")),
        ("create function public.get_project_metrics(a xml) returns int return 1", None),
        ("insert into storage.buckets (id, name) values ('later', 'later')", ("bucket", "later")),
    ],
)
def test_what_is_added_later_is_missed(world: World, statement: LiteralString, added: tuple[str, str] | None) -> None:
    before = catalogue(world.database)
    with world.database.transaction(force_rollback=True):
        world.database.execute(statement)
        after = catalogue(world.database)
    assert len(after) == len(before) + 1
    assert set(after) - set(before) == ({added} if added else set())


def test_every_outcome_is_known() -> None:
    for line in read_lines():
        assert set(line.outcomes) <= OUTCOMES, line


def test_every_row_has_all_actions_once() -> None:
    given = [(line.kind, line.name, line.row, line.action) for line in read_lines()]
    things = {(line.kind, line.name, line.row) for line in read_lines()}
    assert sorted(given) == sorted((*thing, action) for thing in things for action in ACTIONS[thing[0]])


def test_every_row_can_be_made() -> None:
    served = [line for line in read_lines() if set(line.outcomes) != {"absent"}]
    assert set(RECIPES) == {(line.name, line.row) for line in served if line.kind == "table"}
    reported = [line for line in served if line.kind == "function" and "called" not in line.outcomes]
    assert set(CALLS) == {(line.name, line.row) for line in reported}
