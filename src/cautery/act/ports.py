"""What acting needs of the world."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from cautery.act.approval import Approved
from cautery.model import Acknowledgement, Intermediary, Referral


class Publisher(Protocol):
    """Hands approved lists to intermediaries."""

    async def publish(
        self,
        approved: Approved[Referral],
        to: Intermediary,
        *,
        now: datetime,
        without: Collection[str] = (),
    ) -> Acknowledgement:
        """Hand a list in, ``without`` the targets withdrawn since; return what they say.

        Raises
        ------
        ApprovalError
            If it is not approved, not for this intermediary's territory, or out of date.
        SourceError
            If the intermediary does not answer as agreed.
        """
        ...
