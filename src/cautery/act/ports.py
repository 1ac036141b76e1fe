"""What acting needs of the world."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from cautery.act.block_list import Envelope
from cautery.model import Digest, ListAnswer


class Publisher(Protocol):
    """Hands versions of lists to intermediaries."""

    async def publish(
        self, envelope: Envelope, *, now: datetime, held: Collection[Digest] = ()
    ) -> ListAnswer:
        """Hand a version in at its intermediary, and return what the intermediary says.

        Parameters
        ----------
        held : collection of str
            Digests of referrals that the intermediary holds and that are not sent again.

        Raises
        ------
        SourceError
            If the intermediary does not answer as agreed.
        """
        ...
