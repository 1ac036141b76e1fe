"""A keeper of decoys in this process, with its moods: honest, silent, or lying in some way."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import check_signature, digest, order_of, subjects_of
from cautery.errors import ApprovalError, SourceError
from cautery.evidence.decoys import openings_of, question_digest, root_of, signed
from cautery.model import Digest, Mandate, Notice, Referral, Window, person_key
from cautery.model.decoys import (
    Decoy,
    DecoyLeaf,
    KeeperAnswer,
    KeeperQuestion,
    Opening,
    SealedPlan,
    met,
)
from cautery.model.signing_keys import FileKey


class Mood(StrEnum):
    """How a keeper answers."""

    HONEST = "honest"
    SILENT = "silent"
    FORGED = "forged"
    """Signed by another key than the planner's."""
    REPLAYED = "replayed"
    """An honest answer to an earlier question."""
    ALTERED = "altered"
    """An opening says something else than its leaf."""
    SHORTENED = "shortened"
    """Somebody on the way took the openings out of an honest answer."""


@dataclass(slots=True, kw_only=True)
class LabKeeper:
    """Keeps one plan, and answers as its mood is.

    Parameters
    ----------
    mandate : Mandate
        Whose approvers count.
    key : Ed25519PrivateKey
        The planner's.
    sealed : SealedPlan
        Signed.
    leaves : tuple of DecoyLeaf
        All decoys.
    clock : datetime
        What it takes for now.
    """

    mandate: Mandate
    key: Ed25519PrivateKey
    sealed: SealedPlan
    leaves: tuple[DecoyLeaf, ...]
    clock: datetime
    mood: Mood = Mood.HONEST
    questions: int = 0
    _earlier: KeeperAnswer | None = field(default=None, repr=False)

    async def ask(self, question: KeeperQuestion) -> KeeperAnswer:
        """Answer a question, or not.

        Raises
        ------
        ApprovalError
            If the act is not approved.
        SourceError
            If it is silent.
        """
        self.questions += 1
        if self.mood is Mood.SILENT:
            raise SourceError("the keeper does not answer")
        honest = self._honest(question)
        earlier, self._earlier = self._earlier, honest
        match self.mood:
            case Mood.FORGED:
                return signed(
                    replace(honest, openings=()),
                    Ed25519PrivateKey.from_private_bytes(b"stranger" * 4),
                )
            case Mood.REPLAYED:
                return honest if earlier is None else earlier
            case Mood.ALTERED:
                return signed(
                    replace(honest, openings=tuple(map(_altered, honest.openings))), self.key
                )
            case Mood.SHORTENED:
                return replace(honest, openings=())
        return honest

    def _honest(self, question: KeeperQuestion) -> KeeperAnswer:
        self._check(question)
        hits = met([leaf.decoy for leaf in self.leaves], question.targets)
        return signed(
            KeeperAnswer(
                root=self.sealed.root,
                question=question_digest(question),
                at=self.clock,
                openings=openings_of(self.leaves, hits, night=self.sealed.night),
            ),
            self.key,
        )

    def _check(self, question: KeeperQuestion) -> None:
        """Raise unless as many people have approved the act as it needs."""
        act = question.act
        if isinstance(act, Referral):
            order_of(act, self.mandate)
            subjects: Sequence[Digest] = subjects_of(act, self.mandate)
        else:
            subjects = (digest(act),)
        people = {
            person_key(
                check_signature(
                    approval,
                    what=act.id,
                    subject=subjects[0],
                    mandate=self.mandate,
                    signed_for=question.signed_for,
                ).name
            )
            for approval in question.approvals
        }
        if len(people) < (1 if isinstance(act, Notice) else 2):
            raise ApprovalError(f"{act.id} is not approved")

    def everything(self) -> tuple[Opening, ...]:
        """Return the openings of all leaves, for the reveal."""
        return openings_of(self.leaves, range(len(self.leaves)), night=self.sealed.night)


def lab_keeper(
    decoys: Sequence[Decoy],
    *,
    mandate: Mandate,
    terms: Digest,
    window: Window,
    at: datetime,
    key: Ed25519PrivateKey,
    seed: int,
    night: str = "derby",
) -> LabKeeper:
    """Return the keeper of a plan of these decoys, sealed and signed.

    Parameters
    ----------
    terms : Digest
        Of the mandate's terms.
    seed : int
        Of the salts and the order of the leaves; only in the lab.
    """
    rng = random.Random(seed)
    shuffled = rng.sample(list(decoys), len(decoys))
    leaves = tuple(DecoyLeaf(salt=rng.randbytes(32).hex(), decoy=decoy) for decoy in shuffled)
    sealed = signed(
        SealedPlan(
            night=night,
            root=root_of(leaves, night=night),
            count=len(leaves),
            window=window,
            planner="P. Planner",
            public_key=FileKey(key.public_key().public_bytes_raw()).spelled,
            mandate=terms,
            made_at=at,
        ),
        key,
    )
    return LabKeeper(mandate=mandate, key=key, sealed=sealed, leaves=leaves, clock=at)


def _altered(opening: Opening) -> Opening:
    return replace(opening, decoy=replace(opening.decoy, delay_s=opening.decoy.delay_s + 1))
