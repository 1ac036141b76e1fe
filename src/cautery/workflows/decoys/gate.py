"""The gate: ask the keeper of the decoys before an approved act leaves, and record what it says.

Without a planned test nobody is asked. With one, the keeper is shown the act and its approvals; who
has the watch's rights and no approver's key learns nothing from it. A keeper that does not answer,
or not as agreed, lets nothing leave.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from cautery.errors import CauteryError, EvidenceError, SourceError, UnaskedError
from cautery.evidence.decoys import check_answer
from cautery.model import Approval, Notice, Referral, SignedFor, person_key
from cautery.model.decoys import KeeperQuestion, RevealedBy
from cautery.model.ports import DecoyKeeper, Ledger
from cautery.model.records import DecoyRevealed, DecoysAnswered
from cautery.projections.decoys import Decoys
from cautery.workflows.case.journal import Journal

PATIENCE_S = 3.0
"""So long a keeper may take. Judgement: meanwhile no target is unblocked either."""
AGAIN_S = 10.0
"""A keeper that did not answer is asked again after so long, whatever the act."""
_NONCE_BYTES = 32
_MOST_NAMED = 5
FOREIGN = "foreign decoy"
"""What failed, in the record of an opening that stands on a stranger's server."""


class KeeperGate:
    """What the keeper has said of the acts of a case, as :class:`cautery.act.Gate` asks.

    Parameters
    ----------
    keeper : DecoyKeeper or None
        ``None``: nobody can be asked here, and what was asked before counts.
    signed_for : SignedFor
        The case and the mandate for which approvals count.
    random : callable
        Returns so many bytes that nobody can guess.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        keeper: DecoyKeeper | None,
        signed_for: SignedFor,
        journal: Journal,
        random: Callable[[int], bytes],
    ) -> None:
        self._ledger = ledger
        self._keeper = keeper
        self._signed_for = signed_for
        self._journal = journal
        self._random = random
        self._decoys = Decoys()
        self._silent: tuple[datetime, str] | None = None
        """Since when the keeper does not answer, and what became of the last question."""

    @property
    def decoys(self) -> Decoys:
        """The blind test of the case, as its newest record leaves it."""
        return self._decoys.read_on(self._ledger)

    def void(self, act: Referral | Notice) -> frozenset[str]:
        """Return the targets of an act that are decoys.

        Raises
        ------
        UnaskedError
            If the keeper has not answered for this very act.
        """
        return self.decoys.void(act)

    def lifted(self, act: Referral | Notice) -> frozenset[str]:
        """Return the targets of an act that has left which come off again, because of decoys."""
        return self.decoys.lifted(act, now=self._journal.now())

    async def ask(self, act: Referral | Notice, approvals: Sequence[Approval]) -> None:
        """Ask the keeper about an approved act, unless it has answered; record what it opens.

        Raises
        ------
        UnaskedError
            If it does not answer, or not as agreed: the act does not leave.
        """
        decoys = self.decoys
        if decoys.may_pass(act):
            return
        sealed = decoys.sealed
        if sealed is None:
            raise UnaskedError(f"{act.id}: the watch has not checked the sealed plan of the decoys")
        if self._keeper is None:
            raise UnaskedError(f"{act.id}: the keeper of the decoys cannot be reached from here")
        question = KeeperQuestion(
            root=sealed.root,
            nonce=self._random(_NONCE_BYTES).hex(),
            act=act,
            approvals=_newest(approvals),
            signed_for=self._signed_for,
        )
        now = self._journal.now()
        if self._silent is not None and now - self._silent[0] < timedelta(seconds=AGAIN_S):
            raise _unanswered(act, self._silent[1])
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = await self._keeper.ask(question)
                # Long answers take a second, in which the watch goes on.
                await asyncio.to_thread(check_answer, answer, question, sealed)
        except TimeoutError as error:
            why = f"no answer within {PATIENCE_S:.0f} s"
            self._silent = self._journal.now(), why
            raise _unanswered(act, why) from error
        except SourceError as error:
            self._silent = self._journal.now(), str(error)
            raise _unanswered(act, str(error)) from error
        except CauteryError as error:  # of this act: it does not find it approved, or it lies
            raise _unanswered(act, str(error)) from error
        self._silent = None
        now, blind_test = self._journal.now(), self.decoys
        self._journal.write_all(
            (
                *(
                    DecoyRevealed(
                        night=sealed.night,
                        root=sealed.root,
                        how=RevealedBy.GATE,
                        opening=opening,
                        act=act.id,
                        at=now,
                    )
                    for opening in answer.openings
                    if not blind_test.is_open(opening.index)
                ),
                DecoysAnswered(
                    act=act.id,
                    nonce=question.nonce,
                    approvals=question.approvals,
                    signed_for=question.signed_for,
                    answer=answer,
                    at=now,
                ),
            )
        )
        foreign = self.decoys.foreign
        if strangers := [each for each in answer.openings if each.index in foreign]:
            names = ", ".join(opening.decoy.host for opening in strangers[:_MOST_NAMED])
            self._journal.fail(
                FOREIGN,
                act.id,
                EvidenceError(
                    f"the keeper calls {names} decoys, but the mandate does not name these hosts "
                    "and addresses as own: nothing of the act is void by that",
                    hint="Ask the planner. Somebody may want to keep a target from being blocked.",
                ),
            )


def _newest(approvals: Sequence[Approval]) -> tuple[Approval, ...]:
    """Return the newest approval of each person: a keeper takes no more than there are people."""
    newest = {
        person_key(approval.approver): approval
        for approval in sorted(approvals, key=lambda each: each.at)
    }
    return tuple(newest.values())


def _unanswered(act: Referral | Notice, why: str) -> UnaskedError:
    return UnaskedError(
        f"{act.id}: nothing of it leaves, for the decoys' keeper does not answer as agreed: {why}"
    )
