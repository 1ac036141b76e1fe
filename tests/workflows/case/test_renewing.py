"""A renewal counts from the time-stamps of the proof on, not from the first renewal on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cautery.errors import EvidenceError
from cautery.evidence.outside.proof import ProofGiven, StampGiven, Trust
from cautery.evidence.outside.proof_file import ProofFile, Renewal
from cautery.evidence.outside.stamps import Stamp
from cautery.model.evidence import Digest
from cautery.workflows.case import renewing

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def stamp(*, at: datetime, expires: datetime) -> Stamp:
    return Stamp(
        at=at, accuracy=timedelta(0), policy="1.2.3", serial=1, signer="CN=A",
        key=Digest("sha256:" + "0" * 64), expires=expires, revocation_known=True,
    )  # fmt: skip


@pytest.mark.parametrize(("years", "late"), [(1, True), (5, False)])
def test_the_first_renewal_comes_while_the_proofs_own_stamp_lasts(
    monkeypatch: pytest.MonkeyPatch, *, years: int, late: bool
) -> None:
    anew = NOON + timedelta(days=3 * 365)
    given = StampGiven(authority="A", answer=b"", nonce=None)
    proof = ProofGiven(log="", index=0, leaf=b"", path=(), checkpoint="", stamps=(given,))
    file = ProofFile(proof=proof, renewals=(Renewal(at="", stamps=(given,)),))
    renewed = stamp(at=anew, expires=anew + timedelta(days=3_650))
    monkeypatch.setattr(renewing, "check_stamp", lambda *_, **__: renewed)
    first = stamp(at=NOON, expires=NOON + timedelta(days=365 * years))
    trust = Trust(roots=(object(),))  # type: ignore[arg-type]
    lines = renewing.renewals_proven(file, trust, before=[first], now=anew)
    assert ("after the certificate" in " ".join(lines)) is late


def test_renewals_without_end_are_not_all_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def check(*_: object, message: bytes, **__: object) -> Stamp:
        asked.append(len(message))
        return stamp(at=NOON, expires=NOON)

    monkeypatch.setattr(renewing, "check_stamp", check)
    monkeypatch.setattr(renewing, "_MOST_STAMPED_BYTES", 1_000_000)
    given = StampGiven(authority="A", answer=b"x" * 1_000, nonce=None)
    proof = ProofGiven(log="", index=0, leaf=b"", path=(), checkpoint="")
    renewals = (Renewal(at="", stamps=(given, given)),) * 500
    file = ProofFile(proof=proof, renewals=renewals)
    trust = Trust(roots=(object(),))  # type: ignore[arg-type]
    with pytest.raises(EvidenceError, match="too much"):
        renewing.renewals_proven(file, trust, now=NOON)
    assert sum(asked) <= 1_000_000
