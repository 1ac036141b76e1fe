"""What partners told a case: its imports, by source, the newest last. None of it is evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cautery.model import Entry
from cautery.model.evidence import Digest
from cautery.model.ports import Ledger
from cautery.model.records import ExchangeImported, kinds_of
from cautery.projections.folding import folded

TOLD_KINDS = kinds_of(ExchangeImported)
MOST_IMPORTS = 10_000
"""Of a case that are kept: a poll each quarter of an hour for three months. Judgement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One import, with the number of its record."""

    record: int
    imported: ExchangeImported


@dataclass(slots=True)
class Told:
    """The imports of a case.

    Parameters
    ----------
    dropped : int
        Imports beyond :data:`MOST_IMPORTS`, which nothing shows.
    """

    dropped: int = 0
    _imports: list[Import] = field(default_factory=list)

    def hear(self, entry: Entry) -> None:
        """Take one entry up."""
        if not isinstance(entry.content, ExchangeImported):
            return
        if len(self._imports) >= MOST_IMPORTS:
            self.dropped += 1
            return
        self._imports.append(Import(record=entry.index, imported=entry.content))

    def by_source(self) -> Mapping[str, tuple[Import, ...]]:
        """Return the imports of each source, the one that counts last at the end.

        A package that says what stood earlier does not replace what a later one said, whenever it
        came.
        """
        found: dict[str, list[Import]] = {}
        for each in self._imports:
            found.setdefault(each.imported.source, []).append(each)
        return {
            source: tuple(sorted(imports, key=lambda each: (each.imported.stands_at, each.record)))
            for source, imports in sorted(found.items())
        }

    def of_file(self, digest: Digest, *, source: str) -> Import | None:
        """Return the import of a file from a source; ``None``: it was not imported."""
        for each in self._imports:
            if each.imported.digest == digest and each.imported.source == source:
                return each
        return None


def told_in(ledger: Ledger) -> Told:
    """Return the imports of a case."""
    return folded(Told(), ledger.read(kinds=TOLD_KINDS))
