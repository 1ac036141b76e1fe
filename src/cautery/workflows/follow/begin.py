"""Begin to follow a case: a case of its own under the mandate that allows it, and the traits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from cautery.errors import InputError, MandateError
from cautery.formats.seen import read_trait_sets, trait_sets_json
from cautery.model import FollowPolicy, Mandate, Regime
from cautery.model.descent import TraitSet
from cautery.model.evidence import ExhibitId
from cautery.model.message import Message
from cautery.model.ports import Ledger
from cautery.model.records import FollowBegun, KindCount, LeftOut
from cautery.projections import folded
from cautery.projections.following import FOLLOWING_KINDS, Following
from cautery.workflows.case.journal import Journal, journal_of
from cautery.workflows.case.open import Case
from cautery.workflows.case.opening import signed_in
from cautery.workflows.follow.of_case import Struck
from cautery.workflows.watch.opening import begin_case

TRAITS = "traits"


def following_of(ledger: Ledger) -> Following:
    """Return the following that a case holds; one that holds none has no ``begun``."""
    return folded(Following(), ledger.read(kinds=FOLLOWING_KINDS))


def policy_in(mandate: Mandate, *, case: str, now: datetime) -> FollowPolicy:
    """Return what a mandate allows of following a case, now.

    Raises
    ------
    MandateError
        If it does not allow to follow this case, or not now.
    """
    policy = mandate.follow
    if policy is None:
        raise MandateError(
            f"mandate {mandate.id}: it has no [follow], so nothing may be followed under it",
            hint=f'Add [follow] with cases = ["{case}"], purposes, look_at, review and end.',
        )
    if case not in policy.cases:
        raise MandateError(
            f"mandate {mandate.id}: its [follow] does not name the case {case}",
            hint=f'Add "{case}" to cases, and have the mandate signed again.',
        )
    if now.date() > policy.end:
        raise MandateError(
            f"mandate {mandate.id}: the following ended on {policy.end}",
            hint="To follow on, a new mandate is needed; to close the case: cautery close CASE.",
        )
    if now < mandate.window.start:
        raise MandateError(f"mandate {mandate.id}: it begins at {mandate.window.start:%Y-%m-%d}")
    return policy


def refuse_other_law(regime: Regime, following: Regime, *, name: str) -> None:
    """Refuse a case under another law than the following: the two are never put together.

    Raises
    ------
    InputError
        If it is.
    """
    if regime is not following:
        raise InputError(
            f"{name} is a case under {regime}, but the following is under {following}",
            hint="What is under one law is not sealed in a case under the other. Follow it under a "
            f'mandate with regime = "{regime}".',
        )


def begin_following(
    case: Case,
    mandate: Mandate,
    *,
    mandate_text: bytes,
    struck: Struck,
    stated_sets: Sequence[TraitSet] = (),
    stated_left_out: Mapping[Message, int] = MappingProxyType({}),
    now: datetime,
) -> Following:
    """Write the first records of a following, or check that it goes on under the same mandate.

    Parameters
    ----------
    case : Case
        That follows, open for writing; empty, or begun before.
    mandate_text : bytes
        The mandate's file, which is sealed.
    struck : Struck
        What the followed case knew.
    stated_sets : sequence of TraitSet
        Traits that others state of the same network.
    stated_left_out : mapping of Message to int
        What others stated and is not looked for.

    Raises
    ------
    MandateError
        If the mandate does not allow to follow this case.
    InputError
        If the case follows another one, or was begun under other terms.
    """
    policy_in(mandate, case=struck.traits.of, now=now)
    signed_in(case.ledger, mandate, key=str(case.verifier))
    following = following_of(case.ledger)
    if following.begun is not None:
        if following.begun.case != struck.traits.of:
            raise InputError(
                f"{case.path}: this case follows the case {following.begun.case}, which is another",
                hint="Name another folder: --into DIR.",
            )
        return following
    journal = journal_of(case)
    begin_case(mandate, ledger=case.ledger, journal=journal, key=str(case.verifier))
    journal.hide(mandate)
    journal.seal(
        mandate_text, what="mandate", media_type="application/toml", at=now, confidential=True
    )
    journal.write(_begun(journal, struck, stated_sets, stated_left_out, now))
    return following_of(case.ledger)


def traits_sealed(case: Case, begun: FollowBegun) -> tuple[TraitSet, ...]:
    """Return the traits that a following looks for, as they were sealed when it began.

    Raises
    ------
    EvidenceError
        If the sealed bytes are altered or not here.
    InputError
        If they hold no traits.
    """
    return read_trait_sets([case.vault.read(begun.exhibit)])


def _begun(
    journal: Journal,
    struck: Struck,
    stated_sets: Sequence[TraitSet],
    stated_left_out: Mapping[Message, int],
    now: datetime,
) -> FollowBegun:
    exhibit: ExhibitId = journal.seal(
        trait_sets_json((struck.traits, *stated_sets)),
        what=TRAITS,
        media_type="application/json",
        at=now,
    )
    return FollowBegun(
        at=now,
        case=struck.traits.of,
        name=struck.name,
        records=struck.records,
        acted_on=struck.traits.acted_on,
        act=struck.act,
        traits=tuple(
            KindCount(kind=kind, count=count) for kind, count in struck.counts.items() if count
        ),
        members=len(struck.traits.members),
        left_out=LeftOut.of(Counter(struck.left_out) + Counter(stated_left_out)),
        exhibit=exhibit,
    )
