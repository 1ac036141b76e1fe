"""Records as leaves: one spelling, read back exactly."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.errors import EvidenceError, InputError
from cautery.evidence.exhibits import exhibits_of
from cautery.evidence.leaf import leaf_of, record_of
from cautery.model import Record

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DIGEST = "sha256:" + "ab" * 32
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXT, JSON, max_size=5))
def test_a_record_reads_back_from_its_leaf(body) -> None:
    assert record_of(leaf_of("kind", body, NOON)) == Record(kind="kind", at=NOON, body=body)


@pytest.mark.parametrize(
    "value", [2**53, -(2**60), float("nan"), float("inf"), "\ud800", b"bytes", {1: 2}, {1, 2}]
)
def test_what_has_no_canonical_form_is_refused(value) -> None:
    with pytest.raises(InputError):
        leaf_of("kind", {"value": value}, NOON)


def test_a_body_nested_beyond_reason_is_refused() -> None:
    body: dict = {}
    for _ in range(100_000):
        body = {"x": body}
    with pytest.raises(InputError):
        leaf_of("kind", body, NOON)


def test_a_body_that_belongs_in_the_vault_is_refused() -> None:
    with pytest.raises(InputError, match="at most 16777216"):
        leaf_of("kind", {"page": "x" * (17 << 20)}, NOON)


@pytest.mark.parametrize(
    "leaf",
    [
        b"",
        b"null",
        b"[]",
        b"\xff",
        b"[" * 200_000,
        b'{"kind":"k","at":"2026-11-24T12:00:00.000000Z","body":{}}',
        b'{"at":"2026-11-24T12:00:00.000000Z","body":{},"kind":"k"} ',
        b'{"at":"2026-11-24T12:00:00Z","body":{},"kind":"k"}',
        b'{"at":"2026-11-24T12:00:00.000000Z","body":{},"kind":""}',
        b'{"at":"2026-11-24T12:00:00.000000Z","body":[],"kind":"k"}',
        b'{"at":"2026-11-24T12:00:00.000000Z","body":{},"kind":"k","more":1}',
        b'{"at":"2026-11-24T12:00:00.000000Z","body":{"a":1,"a":1},"kind":"k"}',
        b'{"at":"2026-11-24T12:00:00.000000Z","body":{"a":1.0},"kind":"k"}',
        b'{"at":"2026-11-24T12:00:00.000000Z","body":{"a":NaN},"kind":"k"}',
        b'{"at":"2026-11-24T12:00:00.000000Z","body":{"b":1,"a":1},"kind":"k"}',
    ],
)
def test_a_leaf_in_another_spelling_is_refused(leaf: bytes) -> None:
    with pytest.raises(EvidenceError):
        record_of(leaf)


def test_the_exhibits_of_a_record_are_found_at_any_depth() -> None:
    body = {"observation": {"exhibits": [DIGEST]}, "exhibit": {"id": DIGEST, "size": 5}}
    found = set(exhibits_of(Record(kind="k", at=NOON, body={**body, "table": None})))
    assert found == {(DIGEST, None), (DIGEST, 5)}


def test_an_exhibit_that_is_no_digest_is_refused() -> None:
    with pytest.raises(EvidenceError, match="not a valid digest"):
        list(exhibits_of(Record(kind="k", at=NOON, body={"exhibit": "../../etc/passwd"})))
