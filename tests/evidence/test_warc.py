"""An archive says what was on the wire, public tools agree, and a changed byte is noticed."""

from __future__ import annotations

import contextlib
import gzip
import io
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from cautery.errors import EvidenceError
from cautery.evidence.warc import NOT_MODIFIED, SAME_PAYLOAD, Earlier, read_warc, write_warc
from cautery.model import Exchange, ShownCertificate, digest_of

NOON = datetime(2026, 11, 24, 12, 0, 0, 123, tzinfo=UTC)
LIST = "http://list.example/all.m3u"


def an_exchange(
    payload: bytes = b"#EXTM3U\n",
    *,
    status: int = 200,
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "audio/x-mpegurl"),),
    cut: str | None = None,
    vantage: str | None = None,
    certificate: ShownCertificate | None = None,
) -> Exchange:
    return Exchange(
        url=LIST,
        method="GET",
        target="/all.m3u",
        request_headers=(("Host", "list.example"), ("User-Agent", "Cautery-test/1")),
        status=status,
        reason="OK",
        headers=headers,
        payload=payload,
        asked_at=NOON,
        answered_at=NOON + timedelta(seconds=1),
        address="192.0.2.1",
        vantage=vantage,
        cut=cut,
        certificate=certificate,
    )


def checked(data: bytes, tmp_path, capsys) -> tuple[int, str]:
    """What ``warcio check -v`` says."""
    file = tmp_path / "one.warc"
    file.write_bytes(data)
    code = Checker(SimpleNamespace(inputs=[str(file)], verbose=True)).process_all()
    return code, capsys.readouterr().out


def records(data: bytes):
    return [
        (one.rec_type, one.rec_headers, one.content_stream().read())
        for one in ArchiveIterator(io.BytesIO(data))
    ]


def test_warcio_itself_finds_every_digest_right(tmp_path, capsys):
    data = write_warc([an_exchange(), an_exchange(b"")], about={"software": "Cautery test"})
    code, said = checked(data, tmp_path, capsys)
    assert code == 0
    assert said.count("digest pass") == 5
    assert "fail" not in said


def test_a_changed_byte_of_a_payload_is_noticed_by_warcio_and_by_us(tmp_path, capsys):
    data = write_warc([an_exchange()], about={}).replace(b"#EXTM3U", b"#EXTM3V")
    code, said = checked(data, tmp_path, capsys)
    assert code == 1
    assert "payload digest failed" in said
    with pytest.raises(EvidenceError):
        list(read_warc(data))


def test_request_and_response_belong_together_and_name_their_digests():
    data = write_warc([an_exchange()], about={"isPartOf": "playlist"})
    info, response, request = records(data)
    assert [one[0] for one in (info, response, request)] == ["warcinfo", "response", "request"]
    assert request[1].get_header("WARC-Concurrent-To") == response[1].get_header("WARC-Record-ID")
    assert response[1].get_header("WARC-Payload-Digest") == digest_of(b"#EXTM3U\n")
    assert response[1].get_header("WARC-IP-Address") == "192.0.2.1"
    assert response[1].get_header("WARC-Date") == "2026-11-24T12:00:00.000123Z"
    assert b"isPartOf: playlist" in info[2]
    assert b"GET /all.m3u HTTP/1.1\r\nHost: list.example\r\n" in data


def test_the_same_exchanges_give_the_same_bytes():
    assert write_warc([an_exchange()], about={}) == write_warc([an_exchange()], about={})


def test_a_packed_payload_is_kept_as_received_and_read_unpacked(tmp_path, capsys):
    packed = gzip.compress(b"#EXTM3U\n" * 1000, mtime=0)
    one = an_exchange(packed, headers=(("Content-Encoding", "gzip"),))
    data = write_warc([one], about={})
    assert packed in data
    assert checked(data, tmp_path, capsys)[0] == 0
    [kept] = read_warc(data)
    assert kept.body == b"#EXTM3U\n" * 1000


def test_payloads_that_unpack_to_far_more_are_refused(monkeypatch):
    monkeypatch.setattr("cautery.evidence.warc.ALWAYS_BYTES", 8 << 20)
    packed = (("Content-Encoding", "gzip"),)
    bomb = an_exchange(gzip.compress(bytes(9 << 20)), headers=packed)
    with pytest.raises(EvidenceError, match="unpacks to over 8,388,608 bytes"):
        list(read_warc(write_warc([bomb], about={})))
    answer = an_exchange(gzip.compress(bytes(8 << 20)), headers=packed)
    assert [len(kept.body) for kept in read_warc(write_warc([answer], about={}))] == [8 << 20]
    with pytest.raises(EvidenceError, match="unpacks to over"):
        list(read_warc(write_warc([answer] * 3, about={})))


def test_a_large_payload_that_is_not_packed_is_read(monkeypatch):
    monkeypatch.setattr("cautery.evidence.warc.ALWAYS_BYTES", 1 << 10)
    answers = [an_exchange(bytes(1 << 20))] * 3
    assert [len(kept.body) for kept in read_warc(write_warc(answers, about={}))] == [1 << 20] * 3


def test_neither_chunks_nor_a_packed_archive_are_unpacked_without_a_bound():
    packed = gzip.compress(bytes(100 << 20))
    chunk = f"{len(packed):x}\r\n".encode() + packed + b"\r\n0\r\n\r\n"
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=False)
    head = [("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")]
    head = StatusAndHeaders("200 OK", head, protocol="HTTP/1.1")
    writer.write_record(
        writer.create_warc_record(LIST, "response", payload=io.BytesIO(chunk), http_headers=head)
    )
    [kept] = read_warc(out.getvalue())
    assert kept.body == chunk
    with pytest.raises(EvidenceError, match="does not begin with WARC/"):
        list(read_warc(gzip.compress(out.getvalue())))


def test_a_transfer_coding_that_was_undone_is_said_to_have_been(tmp_path, capsys):
    data = write_warc([an_exchange(headers=(("Transfer-Encoding", "chunked"),))], about={})
    assert b"X-Archive-Orig-Transfer-Encoding: chunked" in data
    assert checked(data, tmp_path, capsys)[0] == 0


@pytest.mark.parametrize(("status", "profile"), [(200, SAME_PAYLOAD), (304, NOT_MODIFIED)])
def test_what_was_kept_before_is_a_revisit(status, profile, tmp_path, capsys):
    before = Earlier(url=LIST, at=NOON - timedelta(hours=1), digest=digest_of(b"#EXTM3U\n"))
    body = b"#EXTM3U\n" if status == 200 else b""
    data = write_warc([an_exchange(body, status=status)], about={}, earlier={0: before})
    kind, headers, held = records(data)[1]
    assert (kind, held) == ("revisit", b"")
    assert headers.get_header("WARC-Profile") == profile
    assert headers.get_header("WARC-Refers-To-Date") == "2026-11-24T11:00:00.000123Z"
    assert headers.get_header("WARC-Payload-Digest") == before.digest
    assert checked(data, tmp_path, capsys)[0] == 0
    [kept] = read_warc(data)
    assert (kept.status, kept.body) == (status, None)


def test_vantage_and_what_cut_a_payload_are_named():
    data = write_warc([an_exchange(vantage="FR home", cut="time")], about={})
    _, headers, _ = records(data)[1]
    assert headers.get_header("Cautery-Vantage") == "FR home"
    assert headers.get_header("WARC-Truncated") == "time"


HEADER = st.tuples(
    st.from_regex(r"[A-Za-z][A-Za-z-]{0,20}", fullmatch=True).filter(
        lambda name: name.lower() not in ("content-encoding", "transfer-encoding")
    ),
    st.text(st.characters(max_codepoint=255, exclude_categories=("Cc",)), max_size=60).map(
        str.strip
    ),
)


@given(st.binary(max_size=3000), st.lists(HEADER, max_size=8), st.integers(100, 599))
def test_whatever_was_received_comes_back(payload, headers, status):
    data = write_warc([an_exchange(payload, status=status, headers=tuple(headers))], about={})
    [kept] = read_warc(data)
    assert (kept.status, kept.body, kept.url) == (status, payload, LIST)


@given(st.binary(max_size=400))
def test_what_is_no_archive_is_an_evidence_error(data):
    with contextlib.suppress(EvidenceError):
        assert list(read_warc(data)) == []


def test_the_certificate_and_whether_it_verified_stand_beside_the_answer(tmp_path, capsys) -> None:
    own = ShownCertificate(sha256="ab" * 32, unverified="self-signed certificate")
    good = ShownCertificate(sha256="cd" * 32)
    data = write_warc([an_exchange(certificate=own), an_exchange(certificate=good)], about={})
    said = [
        headers.get_header("Cautery-Certificate")
        for kind, headers, _ in records(data)
        if kind == "response"
    ]
    assert said == [
        f"sha256:{'ab' * 32}; not verified: self-signed certificate",
        f"sha256:{'cd' * 32}; verified",
    ]
    assert checked(data, tmp_path, capsys)[0] == 0
