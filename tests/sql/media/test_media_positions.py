"""The order of images and videos stays 0, 1, 2 and so on, whatever is changed, added and deleted."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg import sql

from tests.sql.acting import ADA, ENGINE, Connection, acting_as

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["move", "move several", "add", "delete", "delete several", "upsert"]),
        st.integers(0, 5),
        st.integers(0, 9),
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.parametrize("table", ["project_images", "project_videos"])
@settings(max_examples=25)
@given(steps=STEPS)
def test_positions_stay_dense_and_unique(
    untouched_database: str, table: str, steps: list[tuple[str, int, int]]
) -> None:
    with acting_as(untouched_database, "authenticated", ADA) as connection:
        relation = sql.Identifier("public", table)
        run(connection, relation, "delete from {} where project_id = %s", ENGINE)
        for number in range(4):
            add(connection, relation, str(number))
        for number, (kind, which, position) in enumerate(steps):
            before = ids(connection, relation)
            expected = step(connection, relation, kind, which, position, number)
            after = ids(connection, relation)
            if expected is not None:
                assert after == expected(before)


def ids(connection: Connection, relation: sql.Identifier) -> list[Any]:
    rows = run(connection, relation, "select id, position from {} where project_id = %s order by position", ENGINE)
    assert [row["position"] for row in rows] == list(range(len(rows)))
    return [row["id"] for row in rows]


def step(connection: Connection, relation: sql.Identifier, kind: str, which: int, position: int, number: int) -> Any:
    """Makes a change; how the order should follow from the one before, where that is plain."""
    known = ids(connection, relation)
    chosen = known[which % len(known)] if known else None
    match kind:
        case "move" if chosen:
            run(connection, relation, "update {} set position = %s where id = %s", position, chosen)
            others = [each for each in known if each != chosen]
            place = min(position, len(others))
            return lambda _: [*others[:place], chosen, *others[place:]]
        case "move several":
            run(connection, relation, "update {} set position = %s where project_id = %s", position, ENGINE)
        case "add":
            add(connection, relation, f"new-{number}", position)
            return None
        case "delete":
            run(connection, relation, "delete from {} where id = %s", chosen)
            return lambda before: [each for each in before if each != chosen]
        case "delete several":
            run(connection, relation, "delete from {} where id = any (%s)", known[:which])
            return lambda before: before[which:]
        case "upsert" if known:
            turned = [*reversed(known)]
            for_all = "insert into {} (id, project_id, url, position) select id, %s, 'https://example.com', place - 1 "
            run(
                connection,
                relation,
                for_all + "from unnest(%s::uuid[]) with ordinality as wanted (id, place) "
                "on conflict (id) do update set position = excluded.position",
                ENGINE,
                turned,
            )
            return lambda _: turned
    return None


def add(connection: Connection, relation: sql.Identifier, name: str, position: int = 0) -> None:
    run(
        connection,
        relation,
        "insert into {} (project_id, url, position) values (%s, %s, %s)",
        *(ENGINE, f"https://example.com/{name}", position),
    )


def run(connection: Connection, relation: sql.Identifier, statement: str, *parameters: Any) -> Sequence[dict[str, Any]]:
    cursor = connection.execute(sql.SQL(statement).format(relation), parameters)
    return cursor.fetchall() if cursor.description else []
