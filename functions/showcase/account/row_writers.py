"""Rows as JSON and as CSV, written side by side so that they are read once."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from typing import IO, Any

from showcase.account.domain import Row


class Writer:
    """JSON is given back row by row; CSV is written to `lines` meanwhile."""

    def __init__(self, lines: IO[bytes]) -> None:
        self._lines = lines
        self._columns: list[str] = []
        self._mark = "[\n"

    def json(self, rows: Sequence[Row]) -> Iterator[bytes]:
        """An array, a row to a line."""
        for row in rows:
            self._add_line(row)
            yield f"{self._mark}{json.dumps(row, ensure_ascii=False)}".encode()
            self._mark = ",\n"

    def end(self) -> bytes:
        """What closes the array."""
        return b"[]\n" if self._mark == "[\n" else b"\n]\n"

    def _add_line(self, row: Row) -> None:
        line = io.StringIO()
        writer = csv.writer(line)
        if not self._columns:
            self._columns = list(row)
            writer.writerow(self._columns)
        writer.writerow([cell(row.get(column)) for column in self._columns])
        self._lines.write(line.getvalue().encode())


def cell(value: Any) -> Any:
    """A value as a spreadsheet takes it, which must not take it for a formula."""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return value
