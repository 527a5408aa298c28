"""Connections of the test process to its databases, as superuser, kept for the next use.

A new connection costs 4 ms, and its first write 20 ms more: each session compiles the triggers' functions for itself.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.rows import DictRow, dict_row

Connection = psycopg.Connection[DictRow]

_idle: dict[str, list[Connection]] = defaultdict(list)  # by URL


@contextmanager
def kept_connection(url: str, *, autocommit: bool = True) -> Iterator[Connection]:
    """Nobody else's until the end. Without `autocommit`, one transaction: committed then, undone by an error."""
    idle = _idle[url]
    connection = idle.pop() if idle else psycopg.connect(url, row_factory=dict_row, prepare_threshold=None)
    try:
        connection.set_autocommit(autocommit)
        yield connection
        connection.commit()
    finally:
        if not connection.closed:
            connection.rollback()
            connection.set_autocommit(True)
            connection.execute("reset all; reset session authorization")
            idle.append(connection)


def close_connections(url: str) -> None:
    """Before the database is dropped."""
    for connection in _idle.pop(url, []):
        connection.close()
