"""Sign what a watch records every few seconds, also after its signer was away for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from cautery.errors import SignerError
from cautery.workflows.case.journal import Journal

CHECKPOINT_S = 5.0
"""After a kill at most the records of so many seconds are under no signed root (ADR 0027)."""


async def keep_signing(
    journal: Journal, checkpoint: Callable[[], None], *, every_s: float = CHECKPOINT_S
) -> None:
    """Sign for ever; a signer that is away, or its token, is recorded once and tried again.

    Parameters
    ----------
    checkpoint : callable
        Signs what stands in the ledger.
    every_s : float
        Seconds between two signatures.

    Raises
    ------
    EvidenceError
        If the ledger does not go on from the last root.
    StorageError
        If it cannot be written.
    """
    is_away = False
    while True:
        await asyncio.sleep(every_s)
        try:
            # It asks the signer and the disk: other work goes on meanwhile.
            await journal.aside(checkpoint)
            is_away = False
        except SignerError as error:
            if not is_away:
                journal.fail("signature", "case", error)
            is_away = True
