"""SQL dumps of panels: streams and their sources, servers, resellers, lines, and who watched what.

What is read of a dump are the columns that :mod:`cautery.formats._panel_tables` names, of the
tables that it knows. All others stay in the sealed original and are counted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cautery.formats._panel_tables import Plan, choose
from cautery.formats._seized import SeizedRow
from cautery.formats._sql import SqlRow, read_sql
from cautery.formats._values import ReadWarning
from cautery.messages import message
from cautery.model import Authority

FORMAT = "SQL dump of a panel: Xtream Codes and its descendants, XUI, Stalker and Ministra"
SPECIFICATION = (
    "No standard. Statements as written by mysqldump, mariadb-dump, phpMyAdmin, pg_dump and SQLite "
    "(MySQL reference manual, 9.1 and 15.2.7; PostgreSQL, COPY); de facto tables of the panels"
)
MEDIA_TYPES = ("application/sql", "text/plain")


def read_panel_sql(
    chunks: Iterable[bytes], *, authority: Authority
) -> Iterator[SeizedRow | ReadWarning]:
    r"""Yield the rows of the tables that are known; one warning counts the rows of the others.

    Parameters
    ----------
    authority : Authority
        Under whose mandate it is read.

    Raises
    ------
    SourceError
        If it is no SQL dump. One that breaks off gives all that stands before, and a warning.
    """
    assert isinstance(authority, Authority)
    skipped = 0
    for row in read_sql(chunks, choose):
        if isinstance(row, ReadWarning):
            yield row
        elif row.plan is None:
            skipped += 1
        else:
            yield _row(row, row.plan)
    if skipped:
        yield ReadWarning(line=0, why=message("unread.other-tables"), count=skipped)


def _row(row: SqlRow[Plan], plan: Plan) -> SeizedRow:
    values = {
        name: value
        for name, value in zip(plan.fields, row.values, strict=True)
        if value is not None
    }
    return SeizedRow(kind=plan.kind, values={**values, **dict(plan.said)})
