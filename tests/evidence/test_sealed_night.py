"""A sealed night is stamped before it begins, by an authority that is trusted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.planted import NIGHT, PLANNER, planned

from cautery.errors import EvidenceError, InputError
from cautery.evidence.outside.stamps import stamp_request
from cautery.evidence.sealed_night import (
    SealedNight,
    check_stamped_before,
    encrypted,
    read_sealed,
    stamped_text_of,
)
from cautery.lab.stamping import LabAuthority

SEALED = planned().night.sealed


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LabAuthority:
    folder: Path = tmp_path_factory.mktemp("authority")
    day = timedelta(days=1)
    return LabAuthority(folder, begins=NIGHT.start - day, ends=NIGHT.end + day)


def stamped(authority: LabAuthority, *, seconds: int, text: bytes | None = None) -> SealedNight:
    """Return the night stamped so many seconds from its beginning."""
    request, _ = stamp_request(stamped_text_of(SEALED) if text is None else text)
    answer = authority.answer_at(request, at=NIGHT.start + timedelta(seconds=seconds))
    return SealedNight(sealed=SEALED, stamp=answer)


def test_a_stamp_from_before_the_night_holds(authority: LabAuthority) -> None:
    night = read_sealed(stamped(authority, seconds=-60).file())
    stamp = check_stamped_before(night, roots=[authority.root_certificate])
    assert stamp is not None
    assert stamp.at == NIGHT.start - timedelta(minutes=1)


@pytest.mark.parametrize("seconds", [-1, 0, 600])
def test_a_stamp_that_may_be_from_the_night_is_refused(
    authority: LabAuthority, seconds: int
) -> None:
    with pytest.raises(EvidenceError, match="not before its window"):
        check_stamped_before(
            stamped(authority, seconds=seconds), roots=[authority.root_certificate]
        )


def test_a_stamp_over_something_else_is_refused(authority: LabAuthority) -> None:
    roots = [authority.root_certificate]
    with pytest.raises(EvidenceError):
        check_stamped_before(stamped(authority, seconds=-60, text=b"other"), roots=roots)
    with pytest.raises(EvidenceError):
        check_stamped_before(SealedNight(sealed=SEALED, stamp=b"nonsense"), roots=roots)
    other = replace(stamped(authority, seconds=-60), sealed=planned(seed=2).night.sealed)
    with pytest.raises(EvidenceError):
        check_stamped_before(other, roots=roots)


def test_a_stamp_of_an_authority_that_nobody_trusts_is_refused(authority: LabAuthority) -> None:
    with pytest.raises(EvidenceError):
        check_stamped_before(stamped(authority, seconds=-60), roots=[])


def test_without_a_stamp_the_file_says_that_nobody_vouches() -> None:
    night = SealedNight(sealed=SEALED)
    assert b"no outsider vouches" in night.file()
    assert check_stamped_before(read_sealed(night.file()), roots=[]) is None


@pytest.mark.parametrize("raw", [b"", b"{}", b"\xff", b"[" * 9000, b"null\n", b"x" * (2 << 20)])
def test_what_is_no_sealed_plan_is_refused(raw: bytes) -> None:
    with pytest.raises(EvidenceError):
        read_sealed(raw)


def test_half_a_character_in_a_sealed_plan_is_refused() -> None:
    raw = SealedNight(sealed=SEALED).file()
    for member in (b'"mandate":"', b'"planner":"', b'"night":"'):
        before, found, after = raw.partition(member)
        assert found
        with pytest.raises(EvidenceError):
            read_sealed(before + found + b"\\ud800" + after)


def test_an_encryption_takes_fresh_bytes_of_the_right_number() -> None:
    with pytest.raises(InputError, match="44 fresh"):
        encrypted(b"plan", SEALED, key=PLANNER, fresh=bytes(12))
