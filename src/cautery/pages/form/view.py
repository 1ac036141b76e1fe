"""What stands on the paper of a form."""

from __future__ import annotations

from dataclasses import dataclass

_NARROWEST, _WIDEST = 10, 44
"""Characters: a column of a year, and a digest on two lines."""
_MOST_COLUMNS = 6
"""Of a table on an upright page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormTable:
    """A table on the paper.

    Parameters
    ----------
    columns : tuple of str
        Headings.
    rows : tuple of tuple of str
        Cells.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def widths(self) -> tuple[int, ...]:
        """How wide each column is, in proportion: by its longest text, within bounds."""
        lines = (self.columns, *self.rows)
        longest = [max(len(line[place]) for line in lines) for place in range(len(self.columns))]
        return tuple(min(max(length, _NARROWEST), _WIDEST) for length in longest)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLine:
    """A field on the paper.

    Parameters
    ----------
    number : int
        Its number in the form.
    label : str
        What is asked.
    texts : tuple of str
        What is answered; empty: nothing, or a table.
    whence : str
        Where the answer comes from.
    long : bool
        Whether the text takes the width of the page.
    mono : bool
        Whether it is read letter by letter: names, addresses, digests.
    lacks : str
        Shown in the place of an answer that is missing; empty: nothing is missing.
    table : FormTable or None
        The answer, where it is a table.
    """

    number: int
    label: str
    texts: tuple[str, ...] = ()
    whence: str = ""
    long: bool = False
    mono: bool = False
    lacks: str = ""
    table: FormTable | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPage:
    """A paper.

    Parameters
    ----------
    id : str
        Id of the form.
    title : str
        Its title.
    body : str
        The office that receives it.
    purpose : str
        What it is for.
    case : str
        Id of the case or operation.
    made_at : str
        When it was written.
    source : str
        Where it stands what the form asks for.
    signature : str
        Who signs it.
    lines : tuple of FormLine
        Its fields.
    marking : str
        What may be done with it; empty: it is not marked.
    lab : bool
        Whether it is of an invented world.
    unverified : str
        The sentence of a form whose public text was not read; empty: it was.
    faults : tuple of str
        What keeps it from being complete; empty: it is no draft.
    """

    id: str
    title: str
    body: str
    purpose: str
    case: str
    made_at: str
    source: str
    signature: str
    lines: tuple[FormLine, ...]
    marking: str = ""
    lab: bool = False
    unverified: str = ""
    faults: tuple[str, ...] = ()

    @property
    def is_wide(self) -> bool:
        """Whether a table has more columns than an upright page bears."""
        tables = [line.table for line in self.lines if line.table is not None]
        return any(len(table.columns) > _MOST_COLUMNS for table in tables)
