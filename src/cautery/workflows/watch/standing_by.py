"""What a second machine looks at before it may go on with a case in place of the first."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from cautery.errors import ErasedError, EvidenceError, InputError
from cautery.model import ExhibitId
from cautery.model.ledger import contents
from cautery.model.ports import Ledger
from cautery.model.records import (
    ExhibitSealed,
    WatchEnd,
    WatchResumed,
    WatchStarted,
    WatchStopped,
    kinds_of,
)
from cautery.workflows.case.journal import Journal

MOST_TRIED = 100
"""Of the exhibits that are said to be the mandate: there is one for each start."""


def is_over(ledger: Ledger) -> bool:
    """Tell whether the case was watched to the end of its window, so that nothing is left to do."""
    begun_or_ended = kinds_of(WatchStarted, WatchResumed, WatchStopped)
    newest = deque(ledger.read(kinds=begun_or_ended), maxlen=1)
    content = newest[0].content if newest else None
    return isinstance(content, WatchStopped) and content.why is WatchEnd.WINDOW_CLOSED


def require_same_mandate(text: bytes, *, ledger: Ledger, journal: Journal) -> bool:
    """Raise unless the case is watched under this very file; ``False``: it has none yet.

    That it can be opened shows, too, that the keys of the case are here.

    Parameters
    ----------
    text : bytes
        The mandate's file on this machine.

    Raises
    ------
    InputError
        If the file is another one, or the keys here were copied before the watch began.
    """
    exhibits = tuple(
        dict.fromkeys(
            sealed.exhibit.id
            for _, sealed in contents(ledger, ExhibitSealed)
            if sealed.what == "mandate"
        )
    )
    if not exhibits:
        return False
    sealed_text = _newest_opened(exhibits, journal)
    if sealed_text is None:
        raise InputError(
            "the keys of this case on this machine cannot open its mandate: they were copied "
            "before the watch began",
            hint="Copy the files case-ID.* of the folder of keys again, with case-ID.subjects.",
        )
    if sealed_text != text:
        raise InputError(
            "the mandate here is not the one under which the case is watched",
            hint="Give both machines the same file, byte for byte.",
        )
    return True


def _newest_opened(exhibits: Sequence[ExhibitId], journal: Journal) -> bytes | None:
    """Return the newest mandate that opens; whoever can append names other bytes so, too.

    Raises
    ------
    ErasedError
        If the key was destroyed.
    """
    for exhibit in (*exhibits[:-MOST_TRIED:-1], exhibits[0]):
        try:
            return journal.unseal(exhibit, what="mandate")
        except ErasedError:
            raise
        except EvidenceError:
            continue
    return None
