"""Which exhibits of a case are encrypted with its keys, by kind, for who cannot open them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from cautery.evidence.ports import CaseStore
from cautery.messages import say, term, tr
from cautery.model import ExhibitId
from cautery.pages.dossier.words import style
from cautery.workflows.case.exhibit import Sealed, exhibits_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Encrypted:
    """Encrypted exhibits that concern a reader.

    Parameters
    ----------
    exhibits : tuple of Sealed
        Each of them, in the order in which they were sealed.
    of : int
        How many exhibits concern the reader in all.
    here : bool
        Whether they are in the bag.
    """

    exhibits: tuple[Sealed, ...]
    of: int
    here: bool

    def kinds(self) -> tuple[tuple[str, str], ...]:
        """Return how many there are of each kind, in the language in use, the most first."""
        counts = Counter(say(term("exhibit", sealed.what)) for sealed in self.exhibits)
        ranked = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
        return tuple((kind, style(count)) for kind, count in ranked)

    def total(self) -> str:
        """Return how many there are, in a sentence."""
        return (
            tr(
                "%(count)s of the %(of)s sealed exhibits are encrypted.",
                style,
                count=len(self.exhibits),
                of=self.of,
            )
            if self.here
            else tr(
                "%(count)s of the %(of)s exhibits that the records of this bag name are encrypted, "
                "and so they are not in this bag.",
                style,
                count=len(self.exhibits),
                of=self.of,
            )
        )

    def lines(self) -> str:
        """Return all that as a list in Markdown."""
        kinds = (f"- {kind}: {count}" for kind, count in self.kinds())
        return "\n".join((self.total(), "", *kinds))


def encrypted_of(case: Path, named: Collection[ExhibitId] | None, *, store: CaseStore) -> Encrypted:
    """Return the encrypted exhibits of a case.

    Parameters
    ----------
    named : collection of str or None
        Only these exhibits concern the reader; ``None``: all do, and are in the bag.

    Raises
    ------
    InputError
        If there is no case.
    """
    sealed = {
        exhibit.id: exhibit
        for exhibit in exhibits_in(case, store=store)
        if named is None or exhibit.id in named
    }
    return Encrypted(
        exhibits=tuple(
            sealed_exhibit
            for sealed_exhibit in sealed.values()
            if sealed_exhibit.subject is not None
        ),
        of=len(sealed),
        here=named is None,
    )
