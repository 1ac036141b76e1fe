"""Parts of a dossier's document that are sentences and a table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PartView:
    """One part of the document.

    Parameters
    ----------
    says : tuple of str
        Sentences above the table.
    columns : tuple of str
        Heads of the table; empty: there is no table.
    rows : tuple of tuple of str
        Its rows, as many cells each as there are columns.
    more : str
        How many rows the document leaves out, in a sentence; empty: none.
    """

    title: str
    says: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    more: str = ""
