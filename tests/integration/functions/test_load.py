"""A little of bench/load.py: many clients at once on what they use most. No timings: the machine is shared."""

import asyncio
import time

import psycopg

from bench.mix import errors, load
from tests.support.stack import Stack

SESSIONS = """
    select count(*) filter (where state <> 'idle'), count(*) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
"""
POOLS = 25  # more than the gateway's and the watcher's pools together


def counted(stack: Stack) -> tuple[int, int]:
    """The sessions that do something, and all of them."""
    with psycopg.connect(stack.database_url) as connection:
        row = connection.execute(SESSIONS).fetchone()
    assert row is not None
    return row[0], row[1]


def test_fifty_clients_meet_no_error_and_give_their_connections_back(stack: Stack) -> None:
    outcomes = asyncio.run(load(stack, clients=50, seconds=5))
    assert errors(outcomes) == {}
    assert set(outcomes) == {"list", "embed", "single", "getSocialMetrics", "insert", "update", "delete"}
    deadline = time.monotonic() + 60
    busy, sessions = counted(stack)
    while busy and time.monotonic() < deadline:
        time.sleep(0.1)
        busy, sessions = counted(stack)
    assert busy == 0, "a transaction that nobody ends"
    assert sessions <= POOLS
