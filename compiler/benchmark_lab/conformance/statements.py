"""The statements on the API's tables that PostgreSQL counted, told apart by what they do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import psycopg

from benchmark_lab.conformance.report import NotVisibleError

SELECT = "SELECT users"
LOCK = "SELECT users FOR UPDATE"
INSERT = "INSERT users"
UPDATE = "UPDATE users"
EVENT = "INSERT user_events"

# What PostgreSQL runs by itself, such as the check of a foreign key, is not on the top level.
_COUNTED = """
SELECT query, calls, rows FROM pg_stat_statements JOIN pg_database ON pg_database.oid = dbid
WHERE datname = current_database() AND toplevel
"""
_WITHHELD = "<insufficient privilege>"
_COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_TABLE = re.compile(r"\b(?:users|user_events)\b", re.IGNORECASE)
_LOCKING = re.compile(r"\bFOR\s+(?:NO\s+KEY\s+)?UPDATE\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StatementCount:
    """How often statements of one kind ran, and how many rows they returned or changed."""

    calls: int = 0
    rows: int = 0

    def __add__(self, other: StatementCount) -> StatementCount:
        return StatementCount(self.calls + other.calls, self.rows + other.rows)

    def __sub__(self, other: StatementCount) -> StatementCount:
        return StatementCount(self.calls - other.calls, self.rows - other.rows)


StatementCounts = Mapping[str, StatementCount]
"""By kind: the verb and the tables, such as `SELECT users`."""


async def counted(connection: psycopg.AsyncConnection[tuple[object, ...]]) -> StatementCounts:
    """All that was counted so far on the API's tables.

    Raises:
        NotVisibleError: the database has no working pg_stat_statements.
    """
    try:
        rows = await (await connection.execute(_COUNTED)).fetchall()
    except (psycopg.errors.UndefinedTable, psycopg.errors.ObjectNotInPrerequisiteState) as error:
        raise NotVisibleError(f"the database does not count statements with pg_stat_statements: {error}") from error
    counts: dict[str, StatementCount] = {}
    for query, calls, returned in rows:
        if kind := kind_of(str(query)):
            counts[kind] = counts.get(kind, StatementCount()) + StatementCount(int(str(calls)), int(str(returned)))
    return counts


def since(before: StatementCounts, after: StatementCounts) -> StatementCounts:
    """What was counted between two looks.

    Raises:
        NotVisibleError: some of it was another role's, whose statements PostgreSQL does not show.
    """
    grown = {kind: count - before.get(kind, StatementCount()) for kind, count in after.items()}
    if grown.get(_WITHHELD, StatementCount()).calls:
        raise NotVisibleError("the server's database role is not the one of --db-url, so its statements are not shown")
    return {kind: count for kind, count in grown.items() if count.calls}


def shown(counts: StatementCounts) -> str:
    """One line for people."""
    said = (f"{count.calls} {kind} ({count.rows} rows)" for kind, count in sorted(counts.items()))
    return ", ".join(said) or "none"


def kind_of(query: str) -> str | None:
    """The verb and the tables of a statement; None where it touches none of them."""
    if query == _WITHHELD:
        return query
    text = _COMMENT.sub(" ", query)
    tables = sorted({table.lower() for table in _TABLE.findall(text)})
    if not tables:
        return None
    verb = text.split()[0].upper()
    return f"{verb} {' '.join(tables)}{' FOR UPDATE' if _LOCKING.search(text) else ''}"
