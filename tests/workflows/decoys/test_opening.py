"""A watch begins under a mandate with decoys only with its own sealed plan, and puts it on record."""

from __future__ import annotations

import base64
import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.act import terms_digest
from cautery.errors import CauteryError, EvidenceError, InputError
from cautery.evidence.decoys import signed
from cautery.evidence.outside.proof import NOBODY, Trust
from cautery.evidence.outside.stamps import stamp_request
from cautery.evidence.sealed_night import SealedNight, stamped_text_of
from cautery.lab.blind_acts import MANDATE, NIGHT, BlindActs
from cautery.lab.stamping import LabAuthority
from cautery.model import Mandate, Window
from cautery.model.decoys import SealedPlan
from cautery.model.ledger import contents
from cautery.model.records import DecoysPlanned
from cautery.projections.decoys import Decoys
from cautery.workflows.decoys.opening import checked_night, record_planned, stamp_of

PLANNER = Ed25519PrivateKey.from_private_bytes(b"p" * 32)
STRANGER = Ed25519PrivateKey.from_private_bytes(b"q" * 32)
POLICY = MANDATE.decoys
assert POLICY is not None


def public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def sealed(
    mandate: Mandate = MANDATE, *, key: Ed25519PrivateKey = PLANNER, **changes: object
) -> SealedPlan:
    plan = BlindActs(1).keeper.sealed
    return signed(
        replace(
            plan,
            mandate=terms_digest(mandate),
            public_key=public(key),
            signature="",
            **changes,  # type: ignore[arg-type]
        ),
        key,
    )


def file_of(plan: SealedPlan) -> bytes:
    return SealedNight(sealed=plan).file()


@pytest.fixture
def acts() -> BlindActs:
    return BlindActs(1)


def test_a_mandate_without_decoys_asks_for_no_plan(acts: BlindActs) -> None:
    assert checked_night(replace(MANDATE, decoys=None), None, ledger=acts.ledger) is None


def test_the_plan_is_recorded_once_and_says_that_nobody_vouches_for_its_time(
    acts: BlindActs,
) -> None:
    night = checked_night(MANDATE, file_of(sealed()), ledger=acts.ledger)
    assert night is not None
    for _ in range(2):
        record_planned(night, ledger=acts.ledger, journal=acts.journal)  # type: ignore[arg-type]
    [(_, planned)] = contents(acts.ledger, DecoysPlanned)
    assert planned.sealed == sealed()
    assert (planned.stamped_at, planned.stamped_by) == (None, "")
    assert acts.journal.sealed[planned.exhibit] == file_of(sealed())
    assert Decoys().read_on(acts.ledger).planned == planned


def test_a_case_goes_on_with_the_plan_that_it_was_begun_with(acts: BlindActs) -> None:
    acts.plan()
    assert checked_night(MANDATE, file_of(acts.keeper.sealed), ledger=acts.ledger) is not None
    with pytest.raises(InputError, match="begun with another plan"):
        checked_night(MANDATE, file_of(sealed(night="other")), ledger=acts.ledger)


OTHER = replace(MANDATE, territories=("FR", "IT"))
AFTER = Window(
    start=MANDATE.window.end + timedelta(days=1), end=MANDATE.window.end + timedelta(days=2)
)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (None, "its sealed plan is not there"),
        (b"{}", "damaged"),
        (file_of(sealed())[:-5], "damaged"),
        (file_of(replace(sealed(), count=2)), "not signed"),
        (file_of(sealed(OTHER)), "of another mandate"),
        (file_of(sealed(key=STRANGER)), "another key than the planner's"),
        (file_of(sealed(planner="A. LEGAL")), "signs or approves under this mandate"),
        (file_of(sealed(made_at=NIGHT.start)), "made after the night had begun"),
        (file_of(sealed(window=AFTER)), "outside of the window"),
    ],
    ids=["none", "empty", "cut", "altered", "mandate", "key", "approver", "late", "window"],
)
def test_another_plan_is_refused_in_a_sentence_and_nothing_is_recorded(
    raw: bytes | None, words: str, acts: BlindActs
) -> None:
    size = acts.ledger.size()
    with pytest.raises(CauteryError, match=words):
        checked_night(MANDATE, raw, ledger=acts.ledger)
    assert acts.ledger.size() == size


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the lab's authority needs openssl")
def test_a_stamp_counts_if_it_is_from_before_the_night_and_its_authority_is_trusted(
    acts: BlindActs, tmp_path: Path
) -> None:
    plan = sealed()
    authority = LabAuthority(
        tmp_path, begins=NIGHT.start - timedelta(days=9), ends=NIGHT.end + timedelta(days=9)
    )
    trust = Trust(roots=(x509.load_pem_x509_certificate(authority.root),))

    def stamped(at: datetime) -> SealedNight:
        request, _ = stamp_request(stamped_text_of(plan))
        return SealedNight(sealed=plan, stamp=authority.answer_at(request, at=at))

    def record(night: SealedNight, trust: Trust) -> None:
        record_planned(night, ledger=acts.ledger, journal=acts.journal, trust=trust)  # type: ignore[arg-type]

    late, in_time = (stamped(NIGHT.start + timedelta(hours=hours)) for hours in (1, -1))
    with pytest.raises(EvidenceError, match="not before its window"):
        record(late, trust)
    assert stamp_of(in_time, NOBODY) is None  # an authority whom nobody trusts says nothing
    record(in_time, trust)
    [(_, planned)] = contents(acts.ledger, DecoysPlanned)
    assert planned.stamped_at == NIGHT.start - timedelta(hours=1) + timedelta(seconds=1)
    assert "Lab time-stamping authority" in planned.stamped_by
