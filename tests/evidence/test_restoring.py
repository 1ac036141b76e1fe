"""What two people sign to take a case back is short, and so are their signatures."""

from __future__ import annotations

import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cautery.errors import EvidenceError
from cautery.evidence.restoring import (
    MAX_SIGNATURES,
    MAX_WHY,
    require_two_people,
    restore_text,
    return_in,
)

CASE = "0123456789abcdef"
LAST, TO = (21, bytes([1]) * 32), (9, bytes([2]) * 32)
ANNA, BEN = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
DESK = b'{"kind":"operation.opened"}'
TEXT = restore_text(CASE, last=LAST, to=TO, at="2026-11-24T12:00:00.000000Z", why="the disk broke")


def signed(text: str, name: str, key: Ed25519PrivateKey) -> tuple[str, str, str]:
    return name, key.public_key().public_bytes_raw().hex(), key.sign(text.encode()).hex()


def test_the_text_says_from_where_to_where_and_why() -> None:
    assert return_in(TEXT, case=CASE) == (LAST, TO, "the disk broke")


def test_of_another_case_it_says_nothing() -> None:
    with pytest.raises(EvidenceError, match=f"restores case {CASE}, not case fedcba9876543210"):
        return_in(TEXT, case="fedcba9876543210")


def test_the_longest_reason_is_read() -> None:
    text = restore_text(
        CASE,
        last=(10**18, LAST[1]),
        to=(10**18, TO[1]),
        at="2026-11-24T12:00:00.000000Z",
        why="\N{EM DASH}" * MAX_WHY,
    )
    people = [signed(text, "Anna", ANNA), signed(text, "Ben", BEN)]
    assert not require_two_people(text, people, opened=DESK)


@pytest.mark.parametrize(
    "text", ["x" * (7 << 20), TEXT[:-1] + "x" * (7 << 20) + "\n", "", TEXT * 2]
)
def test_another_text_is_refused_before_a_signature_is_checked(text: str) -> None:
    people = [signed(text, "Anna", ANNA)] * 3000 + [("Ben", "00" * 32, "00" * 64)]
    began = time.process_time()
    with pytest.raises(EvidenceError, match="not a valid text"):
        require_two_people(text, people, opened=DESK)
    assert time.process_time() - began < 1


@pytest.mark.parametrize("other", ["a legal", "A.Legal", "\uff21. Legal", "A. Le\u00adgal"])
def test_one_person_in_two_spellings_is_one(other: str) -> None:
    people = [signed(TEXT, "A. Legal", ANNA), signed(TEXT, other, BEN)]
    with pytest.raises(EvidenceError, match="two different people"):
        require_two_people(TEXT, people, opened=DESK)


def test_more_signatures_than_anybody_needs_are_refused() -> None:
    people = [signed(TEXT, "Anna", ANNA)] * MAX_SIGNATURES + [signed(TEXT, "Ben", BEN)]
    with pytest.raises(EvidenceError, match="17 signatures, but at most 16 are checked"):
        require_two_people(TEXT, people, opened=DESK)
    require_two_people(TEXT, people[1:], opened=DESK)
