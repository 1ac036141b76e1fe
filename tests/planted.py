"""A night of decoys in tests: its mandate, programme, plan, and acts that two people approved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.lists import KEYS, ORDER, PEOPLE, entry, referral
from tests.lists import MANDATE as OF_LISTS
from tests.lists import NOW as NOON

from cautery.act import list_subject, sign, terms_digest
from cautery.model import (
    Approval,
    Channel,
    DecoysPolicy,
    Event,
    Mandate,
    OwnLocation,
    Partner,
    Referral,
    SignedFor,
    Window,
)
from cautery.model.decoys import KeeperQuestion
from cautery.model.signing_keys import FileKey
from cautery.workflows.decoys.night import PlannedNight, open_night
from cautery.workflows.decoys.plan import NightFiles, plan_night
from cautery.workflows.decoys.programme import Programme, read_programme

PLANNER = Ed25519PrivateKey.from_private_bytes(b"p" * 32)
PLANNED_AT = NOON - timedelta(minutes=15)
NIGHT = Window(start=NOON - timedelta(minutes=10), end=NOON + timedelta(hours=1))
MANDATE: Mandate = replace(
    OF_LISTS,
    events=(Event(id="derby", name="Roma - Lazio", kick_off=NOON, legal_basis="rights"),),
    channels=(
        Channel(id="arena", names=("Arena",), event="derby", legal_basis="rights"),
        Channel(id="other", names=("Other",), event="derby", legal_basis="rights"),
    ),
    decoys=DecoysPolicy(
        sealed=OwnLocation("/night/sealed.json"),
        keeper="http://127.0.0.1:8790",
        planner=FileKey(PLANNER.public_key().public_bytes_raw()).spelled,
        own=("own.example", "192.0.2.0/28"),
    ),
    partners=(Partner(name="P", hosts=("partner.own.example",), channels=("arena",)),),
)
HERE = SignedFor(case="0123456789abcdef", mandate=terms_digest(MANDATE))

PROGRAMME = f"""
night = "derby-1"
planner = "P. Lan"
start = {NIGHT.start:%Y-%m-%dT%H:%M:%SZ}
end = {NIGHT.end:%Y-%m-%dT%H:%M:%SZ}
own = ["own.example", "192.0.2.0/28"]
own_streams = 6
look_alikes = 6
delay_s = [8, 20]
appears_s = [0, 60]
titles = ["{{event}} LIVE {{number}}"]
disguises = ["none", "mirror", "aes-128", "tinted"]
[[host]]
name = "tv1.own.example"
address = "192.0.2.1"
[[host]]
name = "tv2.own.example"
address = "192.0.2.2"
port = 8080
[[host]]
name = "partner.own.example"
address = "192.0.2.3"
partner = true
[[list]]
host = "tv1.own.example"
path = "/sports.m3u"
[[media]]
path = "clean.m3u8"
event = "derby"
[[media]]
path = "arena.m3u8"
event = "derby"
licensee = "arena"
[[media]]
path = "old.m3u8"
kind = "last-year"
titles = ["Derby 2025"]
[[recipe]]
name = "tinted"
vf = "hue=h=20:s=1.3"
"""


def programme(text: str = PROGRAMME) -> Programme:
    """Read a programme whose media lie in /media."""
    return read_programme(text.encode(), folder=Path("/media"))


def mandate_of(key: Ed25519PrivateKey) -> Mandate:
    """Return the mandate, with another planner."""
    public = FileKey(key.public_key().public_bytes_raw()).spelled
    assert MANDATE.decoys is not None
    return replace(MANDATE, decoys=replace(MANDATE.decoys, planner=public))


def planned(
    drawn: Programme | None = None,
    *,
    key: Ed25519PrivateKey = PLANNER,
    mandate: Mandate = MANDATE,
    seed: int = 1,
    now: datetime = PLANNED_AT,
) -> NightFiles:
    """Plan a night."""
    return plan_night(drawn or programme(), mandate, key=key, rng=Random(seed), now=now, stamp=None)


def night_of(files: NightFiles, key: Ed25519PrivateKey = PLANNER) -> PlannedNight:
    """Open a planned night."""
    return open_night(files.night.file(), files.plan, key=key)


def approvals_of(
    drafted: Referral, *, here: SignedFor = HERE, at: datetime = NOON
) -> tuple[Approval, ...]:
    """Return the signatures of both approvers."""
    subject = list_subject(drafted, ORDER)
    return tuple(
        sign(subject, approver=person, key=key, at=at, signed_for=here)
        for person, key in zip(PEOPLE, KEYS, strict=True)
    )


def question(
    night: PlannedNight,
    targets: Sequence[str],
    *,
    approvals: Sequence[Approval] | None = None,
    nonce: str = "a",
) -> KeeperQuestion:
    """Return what the gate asks about a referral with these targets."""
    drafted = referral(*map(entry, targets))
    return KeeperQuestion(
        root=night.sealed.root,
        nonce=nonce * 64,
        act=drafted,
        approvals=approvals_of(drafted) if approvals is None else tuple(approvals),
        signed_for=HERE,
    )
