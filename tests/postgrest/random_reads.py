"""Random reads, each written twice: as PostgREST's parameters, and as SQL that knows nothing of the engine."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st
from psycopg import sql

WORDS = ("Analytical Engine", 'a,b (c) "d" \\e', "100% *star* _under_", "Compiler", "draft", "", "ünï", "null", "x.y")
PATTERNS = ("*e*", "A*", "%C%", "_omp*", "*\\*", "draft")
COMPARISONS = {"eq": "=", "neq": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


@dataclass(frozen=True)
class Table:
    texts: Sequence[str]
    integers: Sequence[str]
    key: Sequence[str]  # orders every row
    embedded: Sequence[str]


TABLES = {
    "projects": Table(("title", "short_summary", "status"), (), ("id",), ("project_images", "project_tags")),
    "project_images": Table(("url",), ("position", "width", "height"), ("id",), ("projects",)),
    "project_tags": Table(("tag",), (), ("project_id", "tag"), ("projects",)),
    "layouts": Table(("name",), (), ("id",), ("projects",)),
}


@dataclass(frozen=True)
class Filter:
    column: str
    operator: str  # one of COMPARISONS, like, in, is
    value: Any  # str, int, a tuple of str, or None
    negated: bool


@dataclass(frozen=True)
class Tree:
    operator: str  # and, or
    members: Sequence["Filter | Tree"]
    negated: bool


@dataclass(frozen=True)
class Read:
    table: str
    columns: Sequence[str]
    filters: Sequence[Filter | Tree]
    order: Sequence[tuple[str, bool, bool]]  # column, descending, nulls first
    limit: int | None
    offset: int
    embedded: "Read | None" = None
    inner: bool = False


def filters(table: Table) -> st.SearchStrategy[Filter]:
    text, words = st.sampled_from(table.texts), st.sampled_from(WORDS)
    chosen = [
        st.builds(Filter, text, st.sampled_from(list(COMPARISONS)), words, st.booleans()),
        st.builds(Filter, text, st.just("like"), st.sampled_from(PATTERNS), st.booleans()),
        st.builds(Filter, text, st.just("in"), st.lists(words, min_size=1, max_size=3).map(tuple), st.booleans()),
        st.builds(Filter, text, st.just("is"), st.none(), st.booleans()),
    ]
    if table.integers:
        integer = st.sampled_from(table.integers)
        chosen.append(
            st.builds(Filter, integer, st.sampled_from(list(COMPARISONS)), st.integers(-2, 700), st.booleans())
        )
        chosen.append(st.builds(Filter, integer, st.just("is"), st.none(), st.booleans()))
    return st.one_of(chosen)


def reads(name: str, *, embed: bool = True) -> st.SearchStrategy[Read]:
    table = TABLES[name]
    columns = st.sampled_from([*table.texts, *table.integers])
    leaf: st.SearchStrategy[Filter | Tree] = filters(table)
    members = st.recursive(
        leaf,
        lambda inner: st.builds(
            Tree, st.sampled_from(["and", "or"]), st.lists(inner, min_size=1, max_size=3), st.booleans()
        ),
        max_leaves=5,
    )
    order = st.lists(st.tuples(columns, st.booleans(), st.booleans()), max_size=2, unique_by=lambda each: each[0])
    others = st.sampled_from(table.embedded).flatmap(lambda other: reads(other, embed=False)) if embed else st.nothing()
    return st.builds(
        Read,
        st.just(name),
        st.lists(columns, min_size=1, max_size=3, unique=True),
        st.lists(members, max_size=2),
        order.map(lambda chosen: _with_key(chosen, table)),
        st.none() | st.integers(1, 4),
        st.integers(0, 2),
        st.none() | others.map(lambda other: _of_one(other) if other.table == "projects" else other),
        st.booleans(),
    )


def _with_key(order: Sequence[tuple[str, bool, bool]], table: Table) -> Sequence[tuple[str, bool, bool]]:
    named = {column for column, _, _ in order}
    return [*order, *((column, False, False) for column in table.key if column not in named)]


def _of_one(read: Read) -> Read:
    """A single row is neither ordered nor cut."""
    return replace(read, order=(), limit=None, offset=0)


def as_target(read: Read) -> str:
    """Below /rest/v1/."""
    pairs = [("select", _selected(read)), *_parameters(read, "")]
    return f"{read.table}?" + "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)


def _selected(read: Read) -> str:
    if read.embedded is None:
        return ",".join(read.columns)
    hint = "!inner" if read.inner else ""
    return ",".join([*read.columns, f"{read.embedded.table}{hint}({_selected(read.embedded)})"])


def _parameters(read: Read, prefix: str) -> list[tuple[str, str]]:
    pairs = []
    for each in read.filters:
        negation = "not." if each.negated else ""
        if isinstance(each, Filter):
            value = str(each.value) if each.operator not in ("in", "is") else _written(each)
            pairs.append((prefix + each.column, f"{negation}{each.operator}.{value}"))
        else:
            pairs.append((f"{prefix}{negation}{each.operator}", f"({','.join(map(_member, each.members))})"))
    if read.order:
        words = (f"{c}.{'desc' if d else 'asc'}.{'nullsfirst' if n else 'nullslast'}" for c, d, n in read.order)
        pairs.append((f"{prefix}order", ",".join(words)))
    if read.limit is not None:
        pairs.append((f"{prefix}limit", str(read.limit)))
    if read.offset:
        pairs.append((f"{prefix}offset", str(read.offset)))
    return pairs + (_parameters(read.embedded, f"{prefix}{read.embedded.table}.") if read.embedded else [])


def _member(each: Filter | Tree) -> str:
    negation = "not." if each.negated else ""
    if isinstance(each, Tree):
        return f"{negation}{each.operator}({','.join(map(_member, each.members))})"
    return f"{each.column}.{negation}{each.operator}.{_written(each)}"


def _written(each: Filter) -> str:
    """As a value stands where commas and parentheses mean something."""
    if each.operator == "is":
        return "null"
    return f"({','.join(map(_quoted, each.value))})" if each.operator == "in" else _quoted(str(each.value))


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def as_sql(read: Read) -> sql.Composed:
    """One row with one column: the array of rows, as jsonb."""
    return sql.SQL("select coalesce(({}), '[]')").format(_array(read, sql.SQL("true")))


def _array(read: Read, related: sql.Composable) -> sql.Composed:
    """Null where there are no rows."""
    return sql.SQL("select jsonb_agg(found.row order by found.place) from ({}) as found").format(_rows(read, related))


def _rows(read: Read, related: sql.Composable) -> sql.Composed:
    alias = sql.Identifier(read.table)
    members: list[sql.Composable] = [
        sql.SQL("{}, {}.{}").format(sql.Literal(column), alias, sql.Identifier(column)) for column in read.columns
    ]
    conditions = [related, *(_condition(each, alias) for each in read.filters)]
    if read.embedded is not None:
        found = _embedded(read.embedded, read.table)
        empty = sql.SQL("'[]'") if read.table == "projects" else sql.SQL("'null'")
        members.append(sql.SQL("{}, coalesce(({}), {})").format(sql.Literal(read.embedded.table), found, empty))
        if read.inner:
            conditions.append(sql.SQL("({}) is not null").format(found))
    order = sql.SQL(", ").join(
        sql.SQL("{}.{} {} nulls {}").format(
            alias, sql.Identifier(c), sql.SQL("desc" if d else "asc"), sql.SQL("first" if n else "last")
        )
        for c, d, n in read.order or [("id", False, False)]
    )
    return sql.SQL(
        "select jsonb_build_object({}) as row, row_number() over (order by {}) as place from public.{} as {} "
        "where {} order by place limit {} offset {}"
    ).format(
        sql.SQL(", ").join(members),
        order,
        alias,
        alias,
        sql.SQL(" and ").join(conditions),
        sql.Literal(read.limit),
        sql.Literal(read.offset),
    )


def _embedded(read: Read, parent: str) -> sql.Composed:
    if read.table == "projects":  # one
        related = sql.SQL("projects.id = {}.project_id").format(sql.Identifier(parent))
        return sql.SQL("select found.row from ({}) as found").format(_rows(read, related))
    return _array(read, sql.SQL("{}.project_id = projects.id").format(sql.Identifier(read.table)))


def _condition(each: Filter | Tree, alias: sql.Composable) -> sql.Composable:
    if isinstance(each, Tree):
        joined = sql.SQL(f" {each.operator} ").join(_condition(member, alias) for member in each.members)
        whole: sql.Composable = sql.SQL("({})").format(joined)
    else:
        column = sql.SQL("{}.{}").format(alias, sql.Identifier(each.column))
        if each.operator == "is":
            whole = sql.SQL("({} is null)").format(column)
        elif each.operator == "in":
            whole = sql.SQL("({} = any({}::text[]))").format(column, sql.Literal(list(each.value)))
        elif each.operator == "like":
            whole = sql.SQL("({} like {})").format(column, sql.Literal(each.value.replace("*", "%")))
        else:
            whole = sql.SQL("({} {} {})").format(column, sql.SQL(COMPARISONS[each.operator]), sql.Literal(each.value))
    return sql.SQL("(not {})").format(whole) if each.negated else whole
