"""Whatever bytes come from outside, each reader returns or raises an error of ours, and in time."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cautery.errors import EvidenceError, InputError
from cautery.evidence.note import NoteVerifier
from cautery.evidence.outside.cosignatures import CosignerKey, open_cosigned
from cautery.evidence.outside.cosigning import judge
from cautery.evidence.outside.policy import parse_policy
from cautery.evidence.outside.proof import Trust, check_proof
from cautery.evidence.outside.proof_file import parse_proof_file
from cautery.evidence.outside.revocation import read_revocation
from cautery.evidence.outside.stamps import check_stamp, read_roots
from cautery.evidence.outside.trusted_list import read_trusted_list

KEY = "league.example+f76887df+AbY7H4cSj9ejEsikmH2QiLXPitTf30SfCFUbqDEwVY1d"
LOG = NoteVerifier.parse(KEY)
CASE = NoteVerifier("cautery/case-0123456789abcdef", LOG.public)


def _judge(data: bytes) -> None:
    judge(data, logs={"league.example": [LOG]}, state=lambda _: (0, b""))


def _proof(data: bytes) -> None:
    check_proof(parse_proof_file(data).proof, case=CASE, trust=Trust())


READERS: dict[str, Callable[[bytes], object]] = {
    "policy": parse_policy,
    "request": _judge,
    "proof file": _proof,
    "stamp": lambda data: check_stamp(data, message=b"m", nonce=1, roots=()),
    "revocation": read_revocation,
    "trusted list": read_trusted_list,
    "roots": read_roots,
    "checkpoint": lambda data: open_cosigned(data.decode("latin-1"), LOG),
    "key": lambda data: CosignerKey.parse(data.decode("latin-1")),
}
BEGINNINGS = (
    b"",
    b"log " + KEY.encode() + b"\nwitness a ",
    b"old 0\n\nleague.example\n1\n",
    b'{"type":"cautery/outside-proofs/1","proof":',
    b"0\x82\x03",
    b"-----BEGIN X509 CRL-----\n",
    b"-----BEGIN CERTIFICATE-----\n",
    b"0\x82\x03\x00\x0a\x01\x00",
    b'<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#">',
    b"league.example\n1\nAAAA\n\n\xe2\x80\x94 ",
)


@pytest.mark.parametrize("reader", READERS)
@given(begin=st.sampled_from(BEGINNINGS), data=st.binary(max_size=400))
@settings(max_examples=150)
def test_any_bytes_are_read_or_refused(reader: str, begin: bytes, data: bytes) -> None:
    try:
        READERS[reader](begin + data)
    except (EvidenceError, InputError):
        return


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    "data",
    [
        b"[" * 200_000,
        b"0" * 200_000,
        b"\n" * 200_000,
        b"group a any " + b"a " * 100_000,
        b"\x30\x80" * 100_000,
        b"old 0\n" + b"A" * 60_000 + b"\n\n",
        json.dumps(
            {"type": "cautery/outside-proofs/1", "proof": {"path": ["A" * 90_000]}}
        ).encode(),
    ],
)
def test_large_and_deep_bytes_take_no_time(reader: str, data: bytes) -> None:
    begun = time.process_time()
    with contextlib.suppress(EvidenceError, InputError):
        READERS[reader](data)
    assert time.process_time() - begun < 3


@pytest.mark.parametrize(
    "part",
    [
        b'"stamps":[' + b",".join([b"{}"] * 100_000) + b"]",
        b'"renewals":[' + b",".join([b'{"stamps":[{}]}'] * 50_000) + b"]",
        b",".join(b'"%d":0' % number for number in range(100_000)),
    ],
)
def test_proofs_of_more_values_than_honest_ones_are_not_looked_at(part: bytes) -> None:
    with pytest.raises(EvidenceError, match="too many values"):
        parse_proof_file(b"{" + part + b"}")
