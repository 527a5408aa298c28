"""What a random read answers is what the same question answers in SQL, where no recording says it."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.postgrest.conftest import Rest
from tests.postgrest.random_reads import TABLES, Read, as_sql, as_target, reads

READS = st.sampled_from(sorted(TABLES)).flatmap(reads)


def compare(rest: Rest, read: Read) -> None:
    target = as_target(read)
    answer = rest.http.get(f"/rest/v1/{target}", headers={"apikey": rest.settings.supabase_publishable_key})
    connection = rest.rows.connection
    with connection.transaction(force_rollback=True):
        connection.execute("set local role anon")
        connection.execute("select set_config('request.jwt.claims', %s, true)", (json.dumps({"role": "anon"}),))
        row = connection.execute(as_sql(read)).fetchone()
    assert row is not None
    assert answer.status_code == 200, f"{target}: {answer.text}"
    assert answer.json() == row[0], target


def test_random_reads(rest: Rest) -> None:
    @given(READS)
    @settings(max_examples=150, derandomize=True)
    def each(read: Read) -> None:
        compare(rest, read)

    each()


@pytest.mark.slow
def test_many_random_reads(rest: Rest) -> None:
    @given(READS)
    @settings(max_examples=3000)
    def each(read: Read) -> None:
        compare(rest, read)

    each()
