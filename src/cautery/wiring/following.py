"""Following what grows back: the case that follows, beside the case that is followed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cautery import wiring
from cautery.adapters.person_keys import load_approver
from cautery.errors import InputError
from cautery.evidence.case_names import is_on_server
from cautery.evidence.manifest import LEDGER
from cautery.formats.seen import read_trait_sets
from cautery.model import Approver, Digest, Mandate, revealed
from cautery.model.descent import TraitSet
from cautery.model.message import Message
from cautery.model.records import DescendantDecided, FollowReviewed
from cautery.packed import chunks_of
from cautery.projections.following import Following
from cautery.wiring.cases import adding_to, reading, reading_store, writing
from cautery.wiring.facts import known_facts
from cautery.workflows.case.open import open_case
from cautery.workflows.follow.advance import Advanced, advance, until_when
from cautery.workflows.follow.begin import (
    begin_following,
    following_of,
    policy_in,
    refuse_other_law,
)
from cautery.workflows.follow.decide import decide, review
from cautery.workflows.follow.of_case import Struck, struck_case
from cautery.workflows.follow.seen import Intake, bring
from cautery.workflows.mandate.read import read_with_bytes
from cautery.workflows.mandate.signers import require_vouched


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What a run of a following did.

    Parameters
    ----------
    struck : Struck
        What the followed case knew.
    following : Following
        What the case that follows holds now.
    intake : Intake or None
        What the sources had; ``None``: none were given.
    advanced : Advanced
        What was taken and proposed.
    waits_for_review : bool
        Whether nothing is proposed until an approver has reviewed it.
    standing : str
        What may be said of the signatures under the mandate; empty: no mandate was given.
    is_new : bool
        Whether no day had been taken before.
    """

    struck: Struck
    following: Following
    intake: Intake | None
    advanced: Advanced
    waits_for_review: bool
    standing: str
    is_new: bool


def folder_of(case: Path) -> Path:
    """Return where a case is followed, unless another place is named: beside it."""
    if is_on_server(case):
        return Path(f"{case}-follow")
    return case.with_name(f"{case.name}-follow") if case.name else Path(f"{case.resolve()}-follow")


def is_case(path: Path) -> bool:
    """Tell whether a path is a case."""
    return (is_on_server(path) or path.is_dir()) and reading_store().exists(path, LEDGER)


def follow(
    case: Path,
    into: Path,
    *,
    mandate_file: Path | None,
    sources: Sequence[Path],
    traits: Path | None = None,
    acted_on: date | None = None,
    until: date | None = None,
    facts: Path | None = None,
    keys_dir: Path | None = None,
    signers: Sequence[Approver] | None = None,
    doing: Callable[[str], None] = lambda _: None,
) -> Followed:
    """Begin to follow a case, or go on: take what came since the last day.

    Raises
    ------
    CauteryError
        As the workflows say.
    """
    now = wiring.clock().now()
    mandate, raw, standing = None, b"", ""
    if mandate_file is not None:
        mandate, raw = read_with_bytes(mandate_file, now=now)
        standing = require_vouched(mandate_file, mandate, now=now, signers=signers).words
    elif not is_case(into):
        raise InputError(
            f"{into}: nothing follows {case} there yet",
            hint="Begin with a mandate that has a [follow] table: --mandate FILE.",
        )
    known_facts_ = known_facts(facts if facts is not None else _facts_of(mandate))
    doing("reading what the case knew")
    with reading(case) as followed:
        struck = struck_case(followed, facts=known_facts_, acted_on=acted_on)
    if mandate is not None:
        # Before a folder is made for it.
        policy_in(mandate, case=struck.traits.of, now=now)
        refuse_other_law(struck.regime, mandate.regime, name=struck.name)
    regime = None if mandate is None else mandate.regime
    with writing(into, keys_dir=keys_dir, regime=regime) as following_case:
        if mandate is not None:
            stated_left_out: Counter[Message] = Counter()
            following = begin_following(
                following_case,
                mandate,
                mandate_text=raw,
                struck=struck,
                stated_sets=_stated(traits, struck, stated_left_out),
                stated_left_out=stated_left_out,
                now=now,
            )
        else:
            following = following_of(following_case.ledger)
        _check_goes_on(following, struck, into)
        if following.mandate is not None:
            policy = policy_in(following.mandate, case=struck.traits.of, now=now)
            refuse_other_law(struck.regime, following.mandate.regime, name=struck.name)
        is_new = following.last_day is None
        last = until_when(following, until, today=now.date())
        intake, advanced = None, Advanced()
        if sources and last is not None:
            intake = bring(
                sources,
                policy=policy,
                regime=struck.regime,
                today=now.date(),
                facts=known_facts_,
                compared=struck.compared,
                is_case=is_case,
                opened=lambda path: open_case(
                    path, store=reading_store(), clock=wiring.clock(), read_only=True
                ),
                doing=doing,
            )
            advanced = advance(following_case, following, intake, until=last, now=now, doing=doing)
            following = following_of(following_case.ledger)
    return Followed(
        struck=struck,
        following=following,
        intake=intake,
        advanced=advanced,
        waits_for_review=last is None,
        standing=standing,
        is_new=is_new,
    )


@contextmanager
def followed_in(into: Path) -> Iterator[Following]:
    """Read what a case that follows holds.

    Raises
    ------
    InputError
        If it is no such case.
    """
    with reading(into) as case:
        following = following_of(case.ledger)
        if following.begun is None:
            raise InputError(f"{into}: this case follows no other", hint="cautery follow CASE")
        yield following


def decide_on(
    into: Path, id: str, *, confirmed: bool, why: str, shown_digest: Digest, name: str, key: Path
) -> DescendantDecided:
    """Sign a decision on a proposal.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    signing = load_approver(key)
    with adding_to(into) as ledger:
        return decide(
            ledger,
            id,
            confirmed=confirmed,
            why=why,
            shown_digest=shown_digest,
            name=name,
            key=signing,
            now=wiring.clock().now(),
        )


def review_following(
    into: Path, *, until: date, why: str, shown_digest: Digest, name: str, key: Path
) -> FollowReviewed:
    """Sign a review of a following.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    signing = load_approver(key)
    with adding_to(into) as ledger:
        return review(
            ledger,
            until=until,
            why=why,
            shown_digest=shown_digest,
            name=name,
            key=signing,
            now=wiring.clock().now(),
        )


def _check_goes_on(following: Following, struck: Struck, into: Path) -> None:
    begun = following.begun
    if begun is None:
        raise InputError(
            f"{into}: this case follows no other",
            hint="Name another folder, --into DIR, and begin with --mandate FILE.",
        )
    if begun.case != struck.traits.of:
        raise InputError(
            f"{into}: this case follows {begun.name} ({begun.case}), not {struck.name}",
            hint="Name another folder: --into DIR.",
        )


def _facts_of(mandate: Mandate | None) -> str | None:
    return None if mandate is None else revealed(mandate.network.facts)


def _stated(path: Path | None, struck: Struck, left_out: Counter[Message]) -> tuple[TraitSet, ...]:
    """Return the traits that others state, from ``traits.json``, and count what is a person's."""
    if path is None:
        return ()
    sets = read_trait_sets(chunks_of(path), left_out=left_out)
    if any(traits.of == struck.traits.of for traits in sets):
        raise InputError(f"{path}: it has traits of the case {struck.traits.of} itself")
    return sets
