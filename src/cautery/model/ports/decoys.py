"""What the gate needs of a blind test: the keeper, which alone knows the decoys."""

from __future__ import annotations

from typing import Protocol

from cautery.model.decoys import KeeperAnswer, KeeperQuestion


class DecoyKeeper(Protocol):
    """Answers whether decoys are among the targets of an approved act."""

    async def ask(self, question: KeeperQuestion) -> KeeperAnswer:
        """Return the keeper's signed answer, unchecked; see :mod:`cautery.evidence.decoys`.

        Raises
        ------
        ApprovalError
            If the keeper does not find the act approved: it opens nothing.
        SourceError
            If it does not answer, or not as agreed.
        """
        ...
