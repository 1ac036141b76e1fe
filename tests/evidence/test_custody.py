"""A chain of custody: nothing in it can be altered, left out or put in between."""

from __future__ import annotations

import base64
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import EvidenceError, InputError
from cautery.evidence import custody
from cautery.evidence.custody import (
    CustodyAct,
    CustodyLine,
    check_receipt,
    odd_times,
    read_chain,
    read_line,
    signed_lines,
    stated,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)


def line(previous: str = "", key: Ed25519PrivateKey | None = None, **other) -> CustodyLine:
    what = {
        "at": NOON, "act": CustodyAct.COPIED, "by": "A. Legal", "why": "for the court",
        "what": "dossier for court", "digest": "sha256:" + 64 * "0",
    }  # fmt: skip
    return stated(**{**what, **other}, previous=previous, key=key)


def chain(count: int = 4) -> list[CustodyLine]:
    lines: list[CustodyLine] = []
    for number in range(count):
        key = KEY if number % 2 else None
        lines.append(line(lines[-1].id if lines else "", key, why=f"reason {number}"))
    return lines


def raw(lines: list[CustodyLine]) -> bytes:
    return b"".join(one.text() + b"\n" for one in lines)


def test_a_chain_reads_back_as_it_was_written() -> None:
    assert list(read_chain(raw(chain()))) == chain()
    assert read_chain(b"") == ()


@pytest.mark.parametrize("left_out", [0, 1, 2])
def test_a_line_that_is_left_out_or_moved_is_found(left_out: int) -> None:
    lines = chain()
    with pytest.raises(EvidenceError):
        read_chain(raw(lines[:left_out] + lines[left_out + 1 :]))
    with pytest.raises(EvidenceError):
        read_chain(raw([lines[1], lines[0], *lines[2:]]))
    with pytest.raises(EvidenceError):
        read_chain(raw([*lines, lines[-1]]))


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_is_found(at: int, bit: int) -> None:
    data = bytearray(raw(chain()))
    end = len(raw(chain()[:3]))  # of the last line none follows; it is signed
    data[at % end] ^= 1 << bit
    with pytest.raises(EvidenceError):
        read_chain(bytes(data))


def test_a_last_line_that_is_signed_cannot_be_altered() -> None:
    text = raw(chain()).replace(b"reason 3", b"reason 9")
    with pytest.raises(EvidenceError, match="signature"):
        read_chain(text)


def test_a_chain_that_is_cut_in_a_line_is_found() -> None:
    with pytest.raises(EvidenceError, match="cut"):
        read_chain(raw(chain())[:-2])


@pytest.mark.parametrize(
    "bad", [b"", b"{}", b"[]", b"null", b"\xff", b'{"type":"cautery/custody/1"}', b"[" * 5000]
)
def test_what_is_no_line_is_refused(bad: bytes) -> None:
    with pytest.raises(EvidenceError):
        read_line(bad)


def test_a_key_without_a_signature_is_refused() -> None:
    one = line(key=KEY).text()
    start = one.index(b'"signature":"') + 13
    with pytest.raises(EvidenceError):
        read_line(one[:start] + one[one.index(b'"', start) :])


@pytest.mark.parametrize("texts", [{"by": " "}, {"why": ""}, {"why": "x" * 501}, {"to": "a\nb"}])
def test_nobody_leaves_out_who_and_why(texts: dict[str, str]) -> None:
    with pytest.raises(InputError):
        line(**texts)


def filed(receipt: CustodyLine, **other: str) -> CustodyLine:
    says = {"by": receipt.by, "why": receipt.why, "digest": receipt.digest}
    return line(act=CustodyAct.RECEIVED, what=receipt.text().decode(), **{**says, **other})


def test_a_receipt_in_the_chain_is_one_that_its_receiver_signed() -> None:
    receipt = line(key=KEY, act=CustodyAct.RECEIVED, by="Court of Roma", what="dossier")
    [read] = read_chain(raw([filed(receipt)]))
    assert check_receipt(read) == receipt
    unsigned = line(act=CustodyAct.RECEIVED, by="Court of Roma", what="dossier")
    handed = line(key=KEY, by="Court of Roma", what="dossier")
    for false in (
        unsigned,
        filed(unsigned),
        filed(handed),
        filed(receipt, by="Court of Milano"),
        filed(receipt, digest="sha256:" + 64 * "1"),
        filed(receipt, why="another case"),
    ):
        with pytest.raises(EvidenceError, match="line 1"):
            read_chain(raw([false]))


def test_a_key_under_which_anybody_can_sign_signs_nothing() -> None:
    weak = base64.b64encode(b"\1" + bytes(31)).decode()
    signature = base64.b64encode(b"\1" + bytes(63)).decode()
    one = replace(line(), public_key=weak, signature=signature)
    with pytest.raises(EvidenceError, match="not valid"):
        read_line(one.text())


def test_no_text_of_a_line_steers_a_terminal() -> None:
    for name in ("at", "digest"):
        with pytest.raises(InputError):
            replace(line(), **{name: "\x1b[2J"})


def test_a_signature_covers_its_line_and_those_before_and_no_receipt_covers_another_line() -> None:
    assert signed_lines(()) == 0
    assert [signed_lines(chain(count)) for count in range(1, 5)] == [0, 2, 2, 4]
    assert signed_lines(chain(4), frozenset()) == 0
    receipt = line("", KEY, act=CustodyAct.RECEIVED)
    filed = line(act=CustodyAct.RECEIVED, what=receipt.text().decode())
    assert signed_lines([line(), filed]) == 0


def test_times_that_go_back_lie_before_the_case_or_cannot_be_read_are_named() -> None:
    def at(hour: int) -> CustodyLine:
        return line(at=NOON.replace(hour=hour))

    lines = [at(12), at(14), at(13), at(14), at(3), replace(at(15), at="noon")]
    assert odd_times(lines, NOON.replace(hour=10)) == {
        2: "earlier than a line before it",
        4: "before the case was opened",
        5: "its time cannot be read",
    }
    assert odd_times(lines[:2], None) == {}


@pytest.mark.parametrize(
    "at",
    ["2026-01-01T00:00:00", "2026-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"],
)
def test_a_line_that_does_not_say_when_in_the_calendar_is_of_no_time(at: str) -> None:
    odd = replace(line(), at=at)
    assert odd.moment is None
    assert odd_times([odd], None) == {0: "its time cannot be read"}
    assert replace(odd, at="2026-11-24T13:00:00+01:00").moment == datetime(
        2026, 11, 24, 12, 0, tzinfo=UTC
    )


@pytest.mark.parametrize("broken", [b"", b"{}\n"])
def test_the_signatures_of_a_chain_are_checked_once_however_often_it_is_shown(
    monkeypatch: pytest.MonkeyPatch, broken: bytes
) -> None:
    shown = raw(chain(3)) + broken
    texts: list[bytes] = []
    monkeypatch.setattr(custody, "_chains", {})
    monkeypatch.setattr(custody, "read_line", lambda text: texts.append(text) or read_line(text))
    for _ in range(3):
        with pytest.raises(EvidenceError, match="line 4") if broken else nullcontext():
            assert len(read_chain(shown)) == 3
    assert len(texts) == (4 if broken else 3)
    for count in range(12):
        read_chain(raw(chain(count)))
    assert len(custody._chains) == custody._MOST_CHAINS
