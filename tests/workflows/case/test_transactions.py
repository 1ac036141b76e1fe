"""Whether a payload may lie in the open is told within bounds, however it is packed."""

from __future__ import annotations

import gzip
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest

from cautery.model import Exchange
from cautery.workflows.case import transactions
from cautery.workflows.case.transactions import MOST_TEXT, Budget, shows_persons

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MAIL = b"Renew: anna@mail.example"


def exchange(payload: bytes, *headers: tuple[str, str]) -> Exchange:
    return Exchange(
        url="http://pirate.example/1.ts", method="GET", target="/1.ts", request_headers=(),
        status=200, reason="OK", headers=headers, payload=payload, asked_at=NOON, answered_at=NOON,
        address="192.0.2.1",
    )  # fmt: skip


class Counted:
    """Unpacks as zlib does, and counts the bytes that it is given."""

    fed = 0

    def __init__(self, form: int) -> None:
        self._stream = Counted.real(form)

    real = staticmethod(zlib.decompressobj)

    def decompress(self, data: bytes, most: int) -> bytes:
        Counted.fed += len(data)
        return self._stream.decompress(data, most)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def test_many_packed_members_cost_no_more_than_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions.zlib, "decompressobj", Counted)
    payload = gzip.compress(b"") * 4_000
    assert not shows_persons(exchange(payload), Budget())
    assert 0 < Counted.fed < 100 * len(payload)


def test_more_members_than_any_packer_makes_do_not_lie_in_the_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(transactions, "_MOST_MEMBERS", 10)
    assert not shows_persons(exchange(gzip.compress(b"Sport") * 10), Budget())
    assert shows_persons(exchange(gzip.compress(b"Sport") * 11), Budget())


@pytest.mark.parametrize("packed", [
    gzip.compress(b"Sport ", mtime=0) + gzip.compress(MAIL, mtime=0) + bytes(30),
    zlib.compress(MAIL),
    gzip.compress(b"Sport " * 50_000 + MAIL, mtime=0),
    gzip.compress(gzip.compress(MAIL, mtime=0), mtime=0),
])  # fmt: skip
def test_personal_data_is_found_wherever_it_is_packed(packed: bytes) -> None:
    assert shows_persons(exchange(packed, ("Content-Encoding", "deflate")), Budget())


def test_the_answers_of_one_look_have_one_budget_and_what_is_beyond_it_is_hidden_unread() -> None:
    """400 small gzip files of a pirate, each a text of a megabyte, took 38 minutes of CPU."""
    budget, calm = Budget(), b"Sport " * (MOST_TEXT // 12)
    assert not shows_persons(exchange(calm), budget)
    assert not shows_persons(exchange(calm), budget)
    assert shows_persons(exchange(gzip.compress(calm)), budget)
    assert not shows_persons(exchange(calm), Budget())
    empty, packed = bytes(20 << 20), gzip.compress(bytes(20 << 20))
    hidden = [shows_persons(exchange(packed), budget) for _ in range(20)]
    assert hidden == sorted(hidden)
    assert hidden.count(False) < 8
    assert not shows_persons(exchange(empty), budget)
