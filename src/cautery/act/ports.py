"""What acting needs of the world."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from cautery.act.approval import Approved
from cautery.model import Acknowledgement, Intermediary, Referral


class Publisher(Protocol):
    """Hands approved lists to intermediaries."""

    async def publish(
        self, approved: Approved[Referral], to: Intermediary, *, now: datetime
    ) -> Acknowledgement:
        """Hand a list in and return what the intermediary says.

        Raises
        ------
        ApprovalError
            If it is not approved, not for this intermediary's territory, or out of date.
        SourceError
            If the intermediary does not answer as agreed.
        """
        ...
