"""What an archive says about itself."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict

FORMAT = 1


class Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Table(Closed):
    """Rows as they were in the one snapshot."""

    schema_name: str
    name: str
    columns: Sequence[str]
    rows: int

    @property
    def label(self) -> str:
        return f"{self.schema_name}.{self.name}"


class Counter(Closed):
    schema_name: str
    name: str
    last_value: int


class Manifest(Closed):
    format: int
    id: str
    created_at: datetime
    postgres: int
    extensions: Sequence[str]
    migration: str | None
    grants: str
    tables: Sequence[Table]
    sequences: Sequence[Counter]
    files: int
    file_bytes: int
    missing: int
    notes: Sequence[str]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables)
