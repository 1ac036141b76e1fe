"""Nights of blind tests without media: what a watch of known error rates would record of decoys.

A whole night of the lab costs a minute, and nobody knows its true rates. Here the rates are chosen,
each verdict is drawn by them, and everything else is real: the plan, its leaves and openings, and
the records, which are written as a ledger keeps them and read back by whoever counts.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from cautery.act import terms_digest
from cautery.evidence.decoys import key_id_of, openings_of, root_of, signed
from cautery.evidence.signing import SigningKey
from cautery.lab.blind_case import MemoryClock, MemoryJournal, MemoryLedger
from cautery.model import (
    Decision,
    DecoysPolicy,
    Digest,
    Entry,
    Event,
    ExhibitId,
    Finding,
    GuardVerdict,
    Lever,
    Mandate,
    OwnLocation,
    Reason,
    RedactedUrl,
    Regime,
    Verdict,
    Window,
)
from cautery.model.decoys import Decoy, DecoyKind, DecoyLeaf, RevealedBy, SealedPlan
from cautery.model.ledger import filed
from cautery.model.message import Message
from cautery.model.records import DecoyRevealed, DecoysPlanned, ProbeDone
from cautery.workflows.watch.opening import begin_case

EVENT, LICENSEES = "derby", ("arena-1", "arena-2", "canal-7")
DISGUISES = ("none", "mirrored", "cropped", "logo-covered", "slowed")
FIRST = datetime(2026, 8, 15, 18, 30, tzinfo=UTC)
_WINDOW_S = 7_200
MANDATE = Mandate(
    id="drawn-nights",
    who="Example League",
    regime=Regime.GDPR,
    legal_basis="exclusive rights",
    window=Window(start=FIRST, end=FIRST + timedelta(days=365)),
    territories=("FR",),
    lab=True,
    events=(
        Event(
            id=EVENT,
            name="Derby",
            kick_off=FIRST,
            clean_feed=OwnLocation("http://feeds.example/clean/index.m3u8"),
            legal_basis="exclusive rights",
        ),
    ),
)
_EMPTY = Digest(f"sha256:{'0' * 64}")
_LOOK_ALIKES = tuple(kind for kind in DecoyKind if kind.is_look_alike)


@dataclass(frozen=True, slots=True, kw_only=True)
class NightRates:
    """What the watch of a drawn night truly does.

    Parameters
    ----------
    missed : mapping of str to float
        By disguise, how likely an own stream that is looked at is missed.
    accused : mapping of DecoyKind to float
        By kind, how likely a look-alike that is looked at is accused.
    licensee_wrong : float
        How likely the licensee of one that is caught is named wrong.
    unseen : float
        How likely a decoy is never looked at.
    hit : float
        How likely the guard allows an act that would hit a look-alike.
    detect_s : float
        The median of the seconds to detection.
    """

    missed: Mapping[str, float]
    accused: Mapping[DecoyKind, float]
    licensee_wrong: float = 0.02
    unseen: float = 0.0
    hit: float = 0.0
    detect_s: float = 13.0

    @classmethod
    def even(cls, missed: float, accused: float, **others: float) -> NightRates:
        """Return rates that are the same for all disguises and kinds."""
        return cls(
            missed=dict.fromkeys(DISGUISES, missed),
            accused=dict.fromkeys(_LOOK_ALIKES, accused),
            **others,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnNight:
    """One drawn night: its records, and what truly happened.

    Parameters
    ----------
    entries : tuple of Entry
        The records of its case that concern the blind test.
    truth : mapping of str to int
        How many were ``caught``, ``missed``, ``accused``, ``cleared``, ``unseen``, ``right``
        (licensees) and ``hit``.
    """

    entries: tuple[Entry, ...]
    truth: Mapping[str, int]


def draw_night(
    rng: np.random.Generator,
    rates: NightRates,
    *,
    key: SigningKey,
    number: int = 0,
    own: int = 20,
    look_alikes: int = 20,
    how: RevealedBy = RevealedBy.REVEAL,
    mandate: Mandate = MANDATE,
) -> DrawnNight:
    """Draw a night: plant decoys, draw what the watch says of each, and reveal them all.

    Parameters
    ----------
    rng : Generator
        Draws everything.
    key : SigningKey
        The planner's.
    number : int
        Of the night: each is a week after the one before.
    own, look_alikes : int
        How many are planted of each.
    how : RevealedBy
        How the night ends.
    mandate : Mandate
        Of the case.
    """
    start = FIRST + timedelta(weeks=number)
    decoys = [_decoy(rng, start, number, place, own=own) for place in range(own + look_alikes)]
    rng.shuffle(decoys)
    leaves = [DecoyLeaf(salt=rng.bytes(32).hex(), decoy=decoy) for decoy in decoys]
    mandate = replace(mandate, decoys=_policy(key))
    sealed = _sealed(leaves, start, number, key, mandate)
    ledger = MemoryLedger()
    begin_case(
        mandate,
        ledger=ledger,
        journal=MemoryJournal(ledger, MemoryClock(start)),  # type: ignore[arg-type]
        key="",
    )
    _write(
        ledger,
        DecoysPlanned(at=start, sealed=sealed, exhibit=ExhibitId(_EMPTY), key=key_id_of(sealed)),
        start,
    )
    truth = dict.fromkeys(("caught", "missed", "accused", "cleared", "unseen", "right", "hit"), 0)
    for decoy in decoys:
        _watch(rng, rates, decoy, ledger, truth)
    end = start + timedelta(seconds=_WINDOW_S)
    for opening in openings_of(leaves, range(len(leaves)), night=sealed.night):
        _write(
            ledger,
            DecoyRevealed(
                at=end,
                night=sealed.night,
                root=sealed.root,
                how=how,
                opening=opening,
                why="the keeper's machine failed" if how is RevealedBy.ABANDONED else "",
            ),
            end,
        )
    return DrawnNight(entries=tuple(ledger.entries), truth=truth)


def _decoy(rng: np.random.Generator, start: datetime, night: int, place: int, *, own: int) -> Decoy:
    kind = DecoyKind.OWN_STREAM if place < own else _LOOK_ALIKES[place % len(_LOOK_ALIKES)]
    shows_event = kind in (DecoyKind.OWN_STREAM, DecoyKind.PARTNER)
    return Decoy(
        kind=kind,
        url=f"http://tv{place}.own.example:8080/n{night}/{place}.m3u8",
        addresses=(f"192.0.2.{place % 250 + 1}",),
        offered_as=f"DERBY LIVE {place}",
        event=EVENT if shows_event else None,
        licensee=str(rng.choice(LICENSEES)) if shows_event else None,
        disguise=DISGUISES[int(rng.integers(len(DISGUISES)))],
        delay_s=float(rng.integers(5, 60)),
        appears_at=start + timedelta(seconds=int(rng.integers(0, _WINDOW_S // 2))),
        vanishes_at=start + timedelta(seconds=_WINDOW_S),
    )


def _policy(key: SigningKey) -> DecoysPolicy:
    return DecoysPolicy(
        sealed=OwnLocation("/night/sealed.json"),
        keeper="https://keeper.example/",
        own=("own.example", "192.0.2.0/24"),
        planner=base64.b64encode(key.public_key().public_bytes_raw()).decode("ascii"),
    )


def _sealed(
    leaves: list[DecoyLeaf], start: datetime, number: int, key: SigningKey, mandate: Mandate
) -> SealedPlan:
    night = f"matchday-{number + 1}"
    unsigned = SealedPlan(
        night=night,
        root=root_of(leaves, night=night),
        count=len(leaves),
        window=Window(start=start, end=start + timedelta(seconds=_WINDOW_S)),
        planner="P. Lanner",
        public_key=_policy(key).planner,
        mandate=terms_digest(mandate),
        made_at=start - timedelta(days=1),
    )
    return signed(unsigned, key)


def _watch(
    rng: np.random.Generator,
    rates: NightRates,
    decoy: Decoy,
    ledger: MemoryLedger,
    truth: dict[str, int],
) -> None:
    """Draw what the watch records of one decoy, and count it."""
    is_own = not decoy.kind.is_look_alike
    if not is_own and rng.random() < rates.hit:
        truth["hit"] += 1
        _write(ledger, _allowed(decoy), decoy.appears_at)
    if rng.random() < rates.unseen:
        truth["unseen"] += 1
        return
    looked_at = decoy.appears_at + timedelta(seconds=5)
    _write(ledger, ProbeDone(at=looked_at, url=decoy.url, observation=None, failed=None), looked_at)
    is_proven = (
        rng.random() >= rates.missed[decoy.disguise]
        if is_own
        else rng.random() < rates.accused[decoy.kind]
    )
    waited_s = rates.detect_s * float(rng.lognormal(0.0, 0.4))
    at = decoy.appears_at + timedelta(seconds=round(max(waited_s, 6.0), 3))
    licensee, is_right = decoy.licensee, rng.random() >= rates.licensee_wrong
    if not is_right:
        licensee = next(other for other in LICENSEES if other != decoy.licensee)
    _write(ledger, _verdict(decoy, at, licensee, is_proven=is_proven), at)
    if is_own:
        truth["caught" if is_proven else "missed"] += 1
        truth["right"] += is_proven and is_right
    else:
        truth["accused" if is_proven else "cleared"] += 1


def _verdict(decoy: Decoy, at: datetime, licensee: str | None, *, is_proven: bool) -> Verdict:
    claim: dict[str, Any] = {"event": EVENT, "licensee": licensee, "log10_lr": 3.1}
    finding = Finding.PROVEN
    if not is_proven:
        claim = {}
        finding = Finding.LICENSED if decoy.kind is DecoyKind.PARTNER else Finding.NOTHING
    return Verdict(url=RedactedUrl(decoy.url), finding=finding, at=at, **claim)


def _allowed(decoy: Decoy) -> GuardVerdict:
    return GuardVerdict(
        target=decoy.host,
        lever=Lever.NAME,
        decision=Decision.ALLOW,
        reasons=(
            Reason(code="clear", text=Message("as-written", {"text": "nobody else is there"})),
        ),
        valid_until=decoy.vanishes_at,
    )


def _write(ledger: MemoryLedger, content: object, at: datetime) -> None:
    kind, body = filed(content)
    ledger.append(kind, body, at=at)
