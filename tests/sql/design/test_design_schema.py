"""The database and the models take the same blocks."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from psycopg.types.json import Jsonb
from pydantic import ValidationError
from showcase.design.page.blocks import LARGEST, block_list_adapter
from showcase.design.page.json_schema import editor_schema

from tests.sql.acting import Connection, superuser
from tests.support.json_schema import nearly_valid, unhurried, valid

SCHEMA = editor_schema()


@pytest.fixture(scope="module")
def connection(untouched_database: str) -> Iterator[Connection]:
    with superuser(untouched_database) as connection:
        yield connection


def database_takes(connection: Connection, blocks: Any) -> bool:
    row = connection.execute("select private.block_list_error(%s) is null as taken", (Jsonb(blocks),)).fetchone()
    assert row is not None
    taken: bool = row["taken"]
    return taken


def models_take(blocks: Any) -> bool:
    try:
        block_list_adapter.validate_python(blocks)
    except ValidationError:
        return False
    return len(json.dumps(blocks, ensure_ascii=False).encode()) <= LARGEST


@unhurried
@given(nearly_valid(SCHEMA) | valid(SCHEMA))
def test_the_database_takes_what_the_models_take(connection: Connection, blocks: Any) -> None:
    assert database_takes(connection, blocks) == models_take(blocks)


@pytest.mark.parametrize(
    "blocks",
    [
        [],
        [None],
        {"type": "hero", "props": {}},
        [{"type": "hero"}],
        [{"type": "hero", "props": None}],
        [{"type": ["hero"], "props": {}}],
        [{"type": "Hero", "props": {}}],
        [{"type": "hero", "props": {"title": ""}}],
        [{"type": "hero", "props": {"title": "ä" * 200}}],
        [{"type": "hero", "props": {"title": "ä" * 201}}],
        [{"type": "hero", "props": {"show_avatar": "true"}}],
        [{"type": "hero", "props": {"show_avatar": 1}}],
        [{"type": "gallery", "props": {"columns": 2.0}}],
        [{"type": "gallery", "props": {"columns": 2.5}}],
        [{"type": "gallery", "props": {"columns": 5}}],
        [{"type": "gallery", "props": {"columns": True}}],
        [{"type": "gallery", "props": {"images": [{"url": "ftp://x/y"}]}}],
        [{"type": "gallery", "props": {"images": [{"url": "HTTPS://x/y z"}]}}],
        [{"type": "gallery", "props": {"images": [{"url": "HTTPS://x/ü"}]}}],
        [{"type": "gallery", "props": {"images": [{"url": "/storage/v1/object/sign/ai-assets/a.png?token=b"}]}}],
        [{"type": "gallery", "props": {"images": [{"url": "/storage/v1/../secret"}]}}],
        [{"type": "metrics", "props": {}}],
        [{"type": "metrics", "props": {"platforms": []}}],
        [{"type": "metrics", "props": {"platforms": ["myspace"]}}],
        [{"type": "text", "props": {"colors": {"background": "#fff", "text": "#000000", "accent": "#000000"}}}],
        [{"type": "text", "props": {"colors": {"background": "#FFFFFF", "text": "#000000", "accent": "#000000"}}}],
        [{"type": "text", "props": {"colors": {"background": "#ffffff\n", "text": "#000000", "accent": "#000000"}}}],
        [{"type": "columns", "props": {"columns": [[]]}}],
        [{"type": "columns", "props": {"columns": [[], [{"type": "tags", "props": {}}]], "widths": [2, 1]}}],
        [{"type": "columns", "props": {"columns": [[], [{"type": "columns", "props": {}}]]}}],
        [{"type": "divider", "props": {}}] * 200,
        [{"type": "divider", "props": {}}] * 201,
        [{"type": "columns", "props": {"columns": [[{"type": "divider", "props": {}}] * 19, []]}}] * 10,
        [{"type": "columns", "props": {"columns": [[{"type": "divider", "props": {}}] * 20, []]}}] * 10,
        [{"type": "columns", "props": {"columns": {"a": [1]}}}, {"type": "columns", "props": [[1]]}, {"type": 1}, []],
    ],
)
def test_both_agree_at_the_edges(connection: Connection, blocks: Any) -> None:
    assert database_takes(connection, blocks) == models_take(blocks)


def test_the_seeds_designs_are_of_the_catalogue(connection: Connection) -> None:
    rows = connection.execute("select blocks_json from templates union all select blocks_json from layouts").fetchall()
    assert len(rows) >= 4
    for row in rows:
        block_list_adapter.validate_python(row["blocks_json"])
