"""What of an operation may be shown to everybody: statements that are marked so, and no others."""

from __future__ import annotations

from cautery.model import Marking, Pap, Statement, Tlp

PUBLIC = Marking(tlp=Tlp.CLEAR, pap=Pap.CLEAR)
"""The marking of what goes to the press, or stands on a page for everybody."""


def may_be_published(statement: Statement) -> bool:
    """Tell whether everybody may read a statement: TLP:CLEAR, PAP:CLEAR, no handling code.

    A statement that names its recipients is for them alone, however it is marked.
    """
    return PUBLIC.covers(statement.marking) and not statement.to
