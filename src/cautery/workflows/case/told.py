"""What partners told a case, item by item, from the sealed tables of its imports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cautery.errors import CauteryError
from cautery.exchange.told import ToldItem, ToldTables
from cautery.model.evidence import ExhibitId
from cautery.model.marking import strictest
from cautery.model.records import ToldState
from cautery.pages.told import ToldSource, ToldView
from cautery.projections.told import Import, Told

ReadExhibit = Callable[[ExhibitId], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRow:
    """An item that stands, and by which import.

    Parameters
    ----------
    source : str
        The partner.
    record : int
        Number of the import's record.
    evaluation : str
        Of the item, as whoever states it gave it; else of the import.
    item : ToldItem
        What may be shown of it.
    """

    source: str
    record: int
    evaluation: str
    item: ToldItem

    def state(self, now: datetime) -> ToldState:
        """Return how it stands at a moment."""
        item = self.item
        if item.revoked:
            return ToldState.REVOKED
        if item.valid_until is not None and item.valid_until <= now:
            return ToldState.ENDED
        if item.valid_from is not None and item.valid_from > now:
            return ToldState.NOT_YET
        return ToldState.STANDS


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldRows:
    """Items that stand now.

    Parameters
    ----------
    rows : tuple of ToldRow
        By source; of each the hidden ones last.
    total : int
        How many there are, shown or not.
    unread : int
        Imports whose table cannot be read: altered, or none of ours.
    """

    rows: tuple[ToldRow, ...]
    total: int
    unread: int


def told_rows(
    told: Told,
    read: ReadExhibit,
    *,
    about: str = "",
    source: str = "",
    kinds: Iterable[str] = (),
    most: int | None = None,
) -> ToldRows:
    """Return the items that stand: of each source and key those that it told last.

    Parameters
    ----------
    read : callable
        Returns an exhibit's bytes; ``EvidenceError`` where they cannot be trusted.
    about : str
        Only items about this host or URLs of it; empty: all.
    source : str
        Only of this partner; empty: of all.
    kinds : iterable of str
        Only of these kinds; empty: of all.
    most : int or None
        Rows at most; ``None``: all.
    """
    wanted = tuple(kinds)
    rows: list[ToldRow] = []
    total = unread = 0
    for name, imports in told.by_source().items():
        if source and name != source:
            continue
        tables, missed = tables_of(imports, read)
        unread += missed
        left = None if most is None else max(0, most - len(rows))
        count, items = tables.items(about=about, kinds=wanted, most=left)
        total += count
        by_record = {each.record: each for each in imports}
        rows += [_row(by_record, record, item) for record, item in items]
    return ToldRows(rows=tuple(rows), total=total, unread=unread)


def told_view(told: Told) -> ToldView | None:
    """Return what the imports of a case come to, by source; ``None``: there is none."""
    sources = tuple(_source(imports) for imports in told.by_source().values())
    return ToldView(sources=sources, dropped=told.dropped) if sources else None


def tables_of(imports: Iterable[Import], read: ReadExhibit) -> tuple[ToldTables, int]:
    """Return the tables of one source, and how many of its imports have none that can be read."""
    tables, missed = ToldTables(), 0
    for each in imports:
        try:
            table = read(each.imported.table)
            tables.add(table, stands_at=each.imported.stands_at, record=each.record)
        except CauteryError:
            # Whoever has the folder of an open case can append a record that names any exhibit.
            missed += 1
    return tables, missed


def _source(imports: Sequence[Import]) -> ToldSource:
    newest = imports[-1]
    imported = newest.imported
    marking = strictest(each.imported.marking for each in imports)
    assert marking is not None  # there is an import
    return ToldSource(
        source=imported.source,
        evaluation=str(imported.evaluation),
        marking=marking.words,
        files=len(imports),
        record=newest.record,
        imported_at=imported.at,
        as_of=imported.made_at,
        kinds=imported.items,
        relations=imported.relations,
        hidden=imported.hidden,
        left_out=sum(left.count for left in imported.left_out),
        contradictions=imported.contradictions,
        contradicted=imported.contradicted,
    )


def _row(imports: Mapping[int, Import], record: int, item: ToldItem) -> ToldRow:
    imported = imports[record].imported
    own = item.source is not None or item.accuracy is not None
    stated = f"{item.source or '?'}{item.accuracy or '?'}"
    return ToldRow(
        source=imported.source,
        record=record,
        evaluation=stated if own else str(imported.evaluation),
        item=item,
    )
