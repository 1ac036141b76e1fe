"""What strangers write of people stands in no record, no table and no open exhibit."""

from __future__ import annotations

import base64
import gzip
import io
import os
import re
import zlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from cautery.catalogue import Catalogue, Resolver
from cautery.errors import SourceError
from cautery.lab.readers import ReadersHere
from cautery.model import Entry, Event, Exchange, Mandate, Source
from cautery.model.records import UnknownRecord
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case
from cautery.workflows.case.transactions import Budget, is_personal
from cautery.workflows.watch.seen import Seen
from cautery.workflows.watch.sources.reading import SourceReader

from ..conftest import words

LIST, GUIDE = "http://list.example/all.m3u", "http://guide.example/epg.xml"
PEOPLE = {
    "mail": "anna.rossi@mail.example",
    "mail in Base64": base64.b64encode(b"carla.verdi@mail.example").decode(),
    "mail, per cent": "dora.neri%40mail.example",
    "mail, spelt out": "elsa.bianchi (at) mail . example",
    "telephone": "+39 347 123 4567",
    "telephone at home": "06 12 34 56 78",
    "address": "198.51.100.77",
    "MAC": "00:1A:79:12:34:5E",
    "login": "username=anna77&password=gehe1m",
    "IBAN": "DE89 3704 0044 0532 0130 00",
    "card": "4111 1111 1111 1111",
}
TRACES = ("anna", "carla", "Y2FybGE", "Y2FybGEudm", "dora", "elsa", "347 123", "12 34 56", "100.77",
          "1A:79", "gehe1m", "3704", "1111 1111")  # fmt: skip
"""Of each of them, what no record may hold."""


@pytest.fixture
def reader(
    answers: Callable[..., Any], journal: Journal, mandated: Callable[..., Mandate]
) -> Callable[[dict[str, Any]], SourceReader]:
    """Make a reader whose mandate covers an event, over a table of answers."""

    def made(table: dict[str, Any]) -> SourceReader:
        event = Event(
            id="cup", name="Home v Away", kick_off=journal.now(), legal_basis="exclusive rights"
        )
        mandate = mandated(events=(event,))
        return SourceReader(
            mandate,
            Resolver(Catalogue.of(mandate)),
            {},
            Seen(),
            readers=ReadersHere(),
            fetcher=answers(table),
            journal=journal,
            restored={},
            on_page=lambda _: None,
        )

    return made


def in_the_open(case: Case, heard: list[Entry]) -> str:
    """Return every record, and every exhibit that lies in the open, tables as text."""
    parts = [one.leaf.decode() for one in heard]
    for one in heard:
        if one.record.kind != "exhibit.sealed" or one.record.body["exhibit"]["confidential"]:
            continue
        data = case.vault.read(one.record.body["exhibit"]["id"])
        is_table = data.startswith(b"PAR1")
        parts.append(str(pl.read_parquet(io.BytesIO(data)).rows()) if is_table else repr(data))
    return "\n".join(parts)


def traces(shown: str) -> list[str]:
    """Return where a text holds something of somebody."""
    return [
        shown[max(0, found.start() - 60) : found.end() + 40]
        for one in TRACES
        for found in re.finditer(re.escape(one), shown)
    ]


def m3u(*texts: str) -> bytes:
    lines = ["#EXTM3U"]
    for number, text in enumerate(texts):
        path = text.replace(" ", "").replace("?", "")
        lines += [
            f'#EXTINF:-1 tvg-id="{text}" group-title="VIP {text}",Home v Away {text}',
            f"http://198.51.100.1/u/{path}/{number}/live.m3u8?for={path}",
        ]
    return "\n".join([*lines, *(f"#EXT-X-ODD {text}" for text in texts)]).encode()


async def test_a_list_puts_nobody_into_a_record(
    reader: Callable[..., SourceReader], case: Case, heard: list[Entry]
) -> None:
    table: dict[str, Any] = {LIST: m3u(*PEOPLE.values())}
    sources = reader(table)
    await sources.read(Source(location=LIST, kind="m3u"))
    table[LIST] = m3u(*list(PEOPLE.values())[::-1])
    await sources.read(Source(location=LIST, kind="m3u"))
    shown = in_the_open(case, heard)
    assert "Home v Away" in shown
    assert "http://198.51.100.1/" in shown  # the host is what is looked into
    assert traces(shown) == []


async def test_who_is_named_twice_is_seen_to_be_the_same(
    reader: Callable[..., SourceReader], heard: list[Entry], journal: Journal
) -> None:
    listed = m3u("anna.rossi@mail.example", "a n n a . r o s s i @ m a i l . e x a m p l e")
    await reader({LIST: listed}).read(Source(location=LIST, kind="m3u"))
    titles = {one.record.body["title"] for one in heard if one.record.kind == "stream.appeared"}
    assert titles == {"Home v Away ~" + journal.pseudonym("email:anna.rossi@mail.example")}


async def test_a_guide_puts_nobody_into_a_record(
    reader: Callable[..., SourceReader], case: Case, heard: list[Entry]
) -> None:
    day = "20261124120000 +0000"
    said = "".join(
        f'<channel id="c{number} {text}"><display-name>Arena 1 {text}</display-name></channel>'
        f'<programme start="{day}" stop="20261124140000 +0000" channel="c{number} {text}">'
        f"<title>Home v Away {text}</title><sub-title>{text}</sub-title></programme>"
        for number, text in enumerate(text.replace("&", "&amp;") for text in PEOPLE.values())
    )
    await reader({GUIDE: f"<tv>{said}</tv>".encode()}).read(Source(location=GUIDE, kind="xmltv"))
    shown = in_the_open(case, heard)
    assert any(one.record.kind == "guide.offered" for one in heard)
    assert traces(shown) == []


@pytest.mark.parametrize("text", PEOPLE.values(), ids=PEOPLE)
async def test_what_a_server_says_instead_puts_nobody_into_a_record(
    reader: Callable[..., SourceReader], heard: list[Entry], text: str
) -> None:
    sources = reader({LIST: SourceError(f"list.example: says {text}")})
    following = Source(location=LIST, kind="m3u")
    with pytest.raises(SourceError):
        await sources.read(following)
    sources._failed(following, SourceError(f"192.0.2.7: says {text}"))
    [read] = [one.record.body for one in heard if one.record.kind == "source.read"]
    failed = words(read["failed"])
    assert "192.0.2.7" in failed  # the server is what failed
    private = [one for one in TRACES if one not in ("12 34 56", "100.77", "1111 1111")]
    assert [one for one in private if one in failed] == []


@pytest.mark.parametrize("kind", ["acknowledgement", "failure", "asset.facts", "probe.done"])
def test_a_field_of_strangers_is_screened_in_any_record(
    journal: Journal, heard: list[Entry], kind: str
) -> None:
    said = "ask anna.rossi@mail.example, +39 347 123 4567"
    body = {
        "reason": said, "reasons": [said], "failed": [said], "message": said,
        "registration": {"registrar": said}, "certificate": {"subject": f"E={said}"},
        "why": {"id": "failed.with-error", "values": {"detail": said, "causes": [said]}},
    }  # fmt: skip
    journal.write(UnknownRecord(kind=kind, body=body))
    assert "anna" not in heard[-1].leaf.decode()
    assert "347" not in heard[-1].leaf.decode()


def answer(payload: bytes, *, reason: str = "OK", headers: tuple[Any, ...] = ()) -> Exchange:
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    return Exchange(
        url="http://pirate.example/1.ts", method="GET", target="/1.ts",
        request_headers=(("Host", "pirate.example"),), status=200, reason=reason, headers=headers,
        payload=payload, asked_at=noon, answered_at=noon, address="192.0.2.7",
    )  # fmt: skip


@pytest.mark.parametrize(
    "payload",
    [
        b"<html>write to anna.rossi@mail.example</html>",
        b"G" + os.urandom(5_000) + b"\0anna.rossi@mail.example\0" + os.urandom(5_000),
        b"call +39 347 123 4567",
        b"user=anna77&password=gehe1m",
    ],
    ids=["page", "media", "telephone", "login"],
)
def test_a_payload_that_names_somebody_is_sealed_encrypted(
    journal: Journal, case: Case, payload: bytes
) -> None:
    [exhibit] = journal.seal_exchanges([answer(payload)], what="segment", confidential=False)
    [sealed] = case.ledger.read(kinds=("exhibit.sealed",))
    assert sealed.record.body["exhibit"]["confidential"]
    assert b"anna" not in case.vault.read(exhibit)
    kept = journal.unseal(exhibit, what="segment", url="http://pirate.example/1.ts")
    assert payload in kept


def test_media_that_name_nobody_lie_in_the_open(journal: Journal, case: Case) -> None:
    payload = b"G" + bytes(range(256)) * 100
    [exhibit] = journal.seal_exchanges([answer(payload)], what="segment", confidential=False)
    assert payload in case.vault.read(exhibit)


def test_what_a_server_writes_beside_media_is_screened(journal: Journal, case: Case) -> None:
    headers = (("Server", "nginx for anna.rossi@mail.example"), ("ETag", '"+393471234567"'),
               ("Content-Type", "video/mp2t; for=anna.rossi@mail.example"),
               ("Via", "1.1 anna.rossi@mail.example"), ("Date", "Tue, 24 Nov 2026 12:00:00 GMT"))  # fmt: skip
    one = answer(b"G" + bytes(188), reason="OK anna.rossi@mail.example", headers=headers)
    [exhibit] = journal.seal_exchanges([one], what="segment", confidential=False)
    kept = case.vault.read(exhibit)
    assert b"anna" not in kept
    assert b"347123" not in kept
    assert b"Tue, 24 Nov 2026 12:00:00 GMT" in kept


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Expires", "Tue, 24 Nov 2026 12:00:00 GMT"),
        ("Expires", "-1"),
        ("Last-Modified", "Tue Nov 24 12:00:00 2026"),
        ("Vary", "Accept-Encoding, Origin"),
        ("Cache-Control", "public, max-age=60, s-maxage=10"),
        ("Pragma", "no-cache"),
        ("Age", "17"),
        ("Keep-Alive", "timeout=5, max=100"),
        ("Content-Range", "bytes 0-99/1000"),
        ("Connection", "keep-alive"),
        ("Content-Encoding", "gzip"),
    ],
)
def test_a_header_stays_where_it_is_of_its_form(
    journal: Journal, case: Case, name: str, value: str
) -> None:
    said = ((name, value), (name, f"{value} anna77 gehe1m"))
    one = answer(b"G" + bytes(188), headers=said, reason="anna77 gehe1m")
    one = replace(one, headers=tuple(each for each in said if each[0] != "Content-Encoding"))
    [exhibit] = journal.seal_exchanges([one], what="segment", confidential=False)
    kept = case.vault.read(exhibit)
    assert traces(repr(kept)) == []
    assert name == "Content-Encoding" or f"{name}: {value}\r\n".encode() in kept


@pytest.mark.parametrize(
    ("pack", "coding"),
    [
        (gzip.compress, "gzip"),
        (zlib.compress, "deflate"),
        (lambda data: zlib.compress(data)[2:-4], "deflate"),
        (lambda data: gzip.compress(b"Sport\n") + gzip.compress(data), "gzip"),
        (gzip.compress, ""),
        (lambda data: gzip.compress(gzip.compress(data)), "gzip"),
        (lambda data: gzip.compress(data)[:-9], "gzip"),
        (lambda _: b"neither", "gzip"),
        (lambda _: gzip.compress(bytes(40 << 20)), "gzip"),
    ],
)
def test_a_packed_answer_is_judged_by_what_is_in_it(
    journal: Journal, case: Case, heard: list[Entry], pack: Callable[[bytes], bytes], coding: str
) -> None:
    payload = pack(b"Sport for anna.rossi@mail.example " + bytes(range(32, 127)) * 9)
    one = answer(payload, headers=(("Content-Encoding", coding),))
    journal.seal_exchanges([one], what="segment", confidential=False)
    sealed = heard[-1].record.body["exhibit"]
    assert sealed["confidential"]


def test_packed_media_lie_in_the_open(journal: Journal, heard: list[Entry]) -> None:
    payload = gzip.compress(b"G" + bytes(range(256)) * 100)
    one = answer(payload, headers=(("Content-Encoding", "gzip"),))
    journal.seal_exchanges([one], what="segment", confidential=False)
    assert not heard[-1].record.body["exhibit"]["confidential"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_a_text_is_judged_in_every_encoding_that_readers_know(encoding: str) -> None:
    assert is_personal("Sport: tel. 347 123 4567".encode(encoding), Budget())
    assert not is_personal("Sport caf\u00e9 1080p".encode(encoding), Budget())
    assert is_personal(
        ("\u0421\u043f\u043e\u0440\u0442 " * 50 + " tel. 347 123 4567").encode(), Budget()
    )


def test_random_media_are_not_taken_for_a_letter() -> None:
    assert sum(is_personal(b"\0" + os.urandom(200_000), Budget()) for _ in range(50)) == 0
