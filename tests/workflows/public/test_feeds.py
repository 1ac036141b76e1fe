"""Feeds of lists: each provider gets its own, whole or as what is new, and answers within bounds."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.lists import NOW, TRUSTED, entry, referral
from tests.public_lists import FETCHES, Shown

from cautery.act import ListTrust, read_list
from cautery.act.read_answer import read_answer
from cautery.model.web import Answered, Asked
from cautery.workflows.case.public_lists import AnswersIn
from cautery.workflows.public.feeds import MOST_ANSWERS, Feeds
from cautery.workflows.public.shelf import Shelf

MINE, OTHER = "a" * 64, "b" * 64
TRUST = ListTrust(provider=FETCHES.name, territory="FR", approvers=TRUSTED)


class Site:
    def __init__(self, path: Path) -> None:
        self.shown = Shown(path)
        self.shown.add(referral(entry("a.example"), entry("b.example")))
        self.first = self.shown.show()
        self.id = self.shown.standing.id
        self.feeds = Feeds(
            [Shelf(self.shown.files)], allowed={self.id: {MINE}}, rng=random.Random(1)
        )
        self.now = NOW

    def ask(self, path: str = "", **more: Any) -> Answered:
        self.now += timedelta(seconds=1)
        given = {"method": "GET", "address": "192.0.2.1", "certificate": MINE} | more
        return self.feeds.answer(Asked(path=f"/lists/{self.id}{path}", **given), self.now)

    def post(self, body: object, **more: Any) -> Answered:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("/ack", method="POST", body=raw, **more)

    def acknowledgement(self, **more: Any) -> dict[str, Any]:
        digest = self.first.version.digest
        return {
            "list": self.id, "version": 1, "digest": digest, "effect": "applied",
            "applied_at": "2026-11-24T20:50:01Z", "reason": None,
            "refused": [{"target": "a.example", "lever": "name", "rule": "never", "reason": "x"}],
        } | more  # fmt: skip


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def body(answer: Answered) -> bytes:
    return b"".join(answer.pieces)


def test_the_first_answer_is_the_whole_envelope_byte_by_byte(site: Site) -> None:
    answer = site.ask()
    assert answer.status == 200
    assert body(answer) == site.first.body()
    assert answer.headers["ETag"] == f'"{site.first.version.digest}"'
    assert 8 <= int(answer.headers["Retry-After"]) <= 12


def test_what_is_known_is_not_sent_again(site: Site) -> None:
    tag = site.ask().headers["ETag"]
    again = site.ask(headers={"if-none-match": f'"x", {tag}'})
    assert (again.status, again.pieces) == (304, ())
    site.shown.add(referral(entry("c.example")))
    site.shown.show(NOW + timedelta(seconds=5))
    newer = site.ask(headers={"if-none-match": tag}, query={"since": site.first.version.digest})
    assert newer.status == 200
    [part] = json.loads(body(newer))["referrals"]
    assert [row["target"] for row in json.loads(part["text"])["entries"]] == ["c.example"]
    held = read_list(body(site.ask()), TRUST, now=NOW)
    first = read_list(site.first.body(), TRUST, now=NOW)
    assert read_list(body(newer), TRUST, now=NOW, held=first).entries == held.entries


def test_an_unknown_digest_is_answered_with_everything(site: Site) -> None:
    assert body(site.ask(query={"since": "sha256:" + "0" * 64})) == site.first.body()


@pytest.fixture
def long(site: Site) -> Site:
    """A list of some hundred names in three referrals."""
    for letter in "cde":
        site.shown.add(referral(*(entry(f"{letter}{n:03}.example") for n in range(100))))
    site.first = site.shown.show(NOW + timedelta(seconds=5))
    return site


@pytest.mark.parametrize("accepts", ["gzip", "br, GZIP;q=0.5", "identity,gzip ; q=1"])
def test_who_takes_gzip_gets_the_same_bytes_in_a_fifth(long: Site, accepts: str) -> None:
    answer = long.ask(headers={"accept-encoding": accepts})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(body(answer)) == long.first.body()
    assert len(body(answer)) < len(long.first.body()) / 5


@pytest.mark.parametrize("accepts", ["", "identity", "br", "gzip;q=0", "x-gzip", "gzip; q=0.0"])
def test_who_does_not_take_gzip_gets_none(long: Site, accepts: str) -> None:
    answer = long.ask(headers={"accept-encoding": accepts})
    assert "Content-Encoding" not in answer.headers
    assert body(answer) == long.first.body()


def test_what_is_short_is_sent_as_it_is(site: Site) -> None:
    answer = site.ask(headers={"accept-encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers
    assert body(answer) == site.first.body()


def test_what_is_new_and_long_is_gzip_too(long: Site) -> None:
    known = long.ask().headers["ETag"].strip('"')
    for letter in "fg":
        long.shown.add(referral(*(entry(f"{letter}{n:03}.example") for n in range(100))))
    long.shown.show(NOW + timedelta(seconds=9))
    query = {"since": known}
    newer = long.ask(headers={"accept-encoding": "gzip"}, query=query)
    assert gzip.decompress(body(newer)) == body(long.ask(query=query))


def test_a_referral_is_compressed_once_for_all_who_ask(
    long: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three hundred first lists of seven megabytes took twenty seconds of two cores."""
    first = long.ask(headers={"accept-encoding": "gzip"})
    monkeypatch.setattr(zlib, "compressobj", None)
    again = long.ask(headers={"accept-encoding": "gzip"})
    assert again.pieces[0] is first.pieces[0]
    long.shown.show(NOW + timedelta(seconds=9))  # a version that adds nothing
    assert long.ask(headers={"accept-encoding": "gzip"}).pieces[0] is first.pieces[0]


def test_a_withdrawal_is_in_the_next_answer(site: Site) -> None:
    site.ask()
    [part] = site.first.version.referrals
    assert site.shown.standing.withdraw(part, "a.example")
    site.shown.show(NOW + timedelta(seconds=1))
    accepted = read_list(body(site.ask()), TRUST, now=NOW)
    assert [entry.target for entry in accepted.entries] == ["b.example"]


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        ("", {"certificate": None}, 403),
        ("", {"certificate": OTHER}, 403),
        ("", {"method": "POST"}, 405),
        ("/ack", {}, 405),
        ("/../about.json", {}, 404),
    ],
)
def test_nobody_else_gets_a_list(site: Site, path: str, more: dict[str, Any], status: int) -> None:
    assert site.ask(path, **more).status == status


def test_who_asks_too_often_is_told_when_to_come_again(site: Site) -> None:
    answers = [
        site.feeds.answer(
            Asked(method="GET", path=f"/lists/{site.id}", address="x", certificate=MINE), NOW
        )
        for _ in range(30)
    ]
    assert answers[0].status == 200
    assert (answers[-1].status, answers[-1].headers["Retry-After"]) == (429, "30")


def test_a_broken_file_leaves_the_last_version(site: Site) -> None:
    site.ask()
    for broken in (b"", b"{", b'{"version":"{}","signature":"x"}', b"[" * 100_000):
        site.shown.files.write(f"lists/{site.id}.json", broken)
        assert body(site.ask()) == site.first.body()


def test_a_referral_under_a_false_name_is_not_served(tmp_path: Path) -> None:
    site = Site(tmp_path)
    [name] = site.shown.files.names("referrals")
    site.shown.files.write(name, (site.shown.files.read(name) or b"").replace(b"a.ex", b"z.ex"))
    assert site.ask().status == 503


def test_an_acknowledgement_waits_for_the_case(site: Site) -> None:
    assert site.post(site.acknowledgement()).status == 204
    answers = AnswersIn(site.shown.files)
    [answer] = answers.take(NOW)
    assert (answer.list_id, answer.version, answer.effect) == (site.id, 1, "applied")
    assert [row.target for row in answer.refused] == ["a.example"]
    assert answers.take(NOW + timedelta(hours=1)) == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"list": "L-000000000000"}, 422),
        ({"more": 1}, 422),
        ({"version": True}, 422),
        ({"version": 0}, 422),
        ({"effect": "perhaps"}, 422),
        ({"applied_at": "yesterday"}, 422),
        ({"applied_at": "2026-11-24T20:50:01"}, 422),
        ({"applied_at": "0001-01-01T00:00:00+23:59"}, 422),
        ({"applied_at": "2026-11-24T21:50:01Z"}, 422),
        ({"refused": {}}, 422),
        ({"refused": ["x"]}, 422),
        ({"refused": [{}] * 10_001}, 422),
        ({"digest": "sha256:" + "0" * 64}, 409),
        ({"version": 2}, 409),
    ],
)
def test_a_false_acknowledgement_is_refused(
    site: Site, change: dict[str, Any], status: int
) -> None:
    site.ask()
    assert site.post(site.acknowledgement(**change)).status == status
    assert AnswersIn(site.shown.files).take(NOW) == []


@pytest.mark.parametrize("raw", [b"", b"\xff", b"[" * 1_000_000, b" " * (3 << 20), b"null"])
def test_what_is_no_acknowledgement_is_refused(site: Site, raw: bytes) -> None:
    assert site.post(raw).status == 422


def test_a_flood_of_acknowledgements_leaves_the_newest(site: Site) -> None:
    for number in range(MOST_ANSWERS + 20):
        assert site.post(site.acknowledgement(reason=str(number))).status == 204
    files = site.shown.files
    reasons = [read_answer(files.read(name) or b"").reason for name in files.names("answers")]
    assert reasons == [str(number) for number in range(20, MOST_ANSWERS + 20)]
