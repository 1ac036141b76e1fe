"""The net under a report: a part that cannot be drawn becomes a remark, and never the end of it.

Whoever can append a record can give it figures with which no drawing was tested. That must keep no
case from closing: the page says in the place of the part what is missing and why, and at its head
that something is. What shows that evidence is broken, or that the disk fails, is no such part: it
ends the report, as it must.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from markupsafe import Markup

from cautery.drawing.escaping import clean
from cautery.errors import EvidenceError, StorageError
from cautery.messages import tr

T = TypeVar("T")
ENDS = (EvidenceError, StorageError, MemoryError)
"""Errors that are not about one part of a page."""
_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Undrawn:
    """A part of a page that could not be drawn.

    Parameters
    ----------
    part : str
        What it is, in words; of a stream or a record, which.
    why : str
        The kind of the error and what it says.
    """

    part: str
    why: str


@dataclass(slots=True)
class Net:
    """Catches what the parts of one page raise.

    Parameters
    ----------
    undrawn : list of Undrawn
        What could not be drawn, in the order of the page.
    """

    undrawn: list[Undrawn] = field(default_factory=list)

    def under(self, part: str, make: Callable[[], T], otherwise: T) -> T:
        """Return what is made; if it cannot be, note that and return something else.

        Raises
        ------
        EvidenceError, StorageError
            If evidence is broken or the disk fails.
        """
        try:
            return make()
        except ENDS:
            raise
        except Exception as error:  # noqa: BLE001 - one part of a page ends no case
            why = f"{type(error).__name__}: {error}"
            self.undrawn.append(Undrawn(part=part, why=clean(why[:_LONGEST])))
            return otherwise

    def drawn(self, part: str, columns: int = 0, *, caller: Callable[[], Markup]) -> Markup:
        """Return a part of a template: ``{% call drawn("Streams") %} ... {% endcall %}``.

        Parameters
        ----------
        columns : int
            Of a row of a table, how many columns it has; 0: it is no row.
        """
        part, before = clean(part), len(self.undrawn)
        text = self.under(part, caller, Markup())
        if len(self.undrawn) > before and not text:
            remark = tr(
                "This part of the report could not be drawn: %(part)s (%(why)s). The records that "
                "it shows are in the ledger.",
                part=part,
                why=self.undrawn[-1].why,
            )
            if columns:
                return Markup('<tr><td colspan="{}"><b>{}</b></td></tr>').format(columns, remark)
            return Markup("<p><b>{}</b></p>").format(remark)
        return text
