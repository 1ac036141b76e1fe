"""An exhibit is taken out by a few digits of its id; what is confidential asks for the keys."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.cli import app
from cautery.errors import ErasedError, InputError
from cautery.evidence.warc import read_warc
from cautery.model import Exchange, ExhibitId, KeyedPseudonyms
from cautery.workflows.case.exhibit import exhibits_in, open_exhibit
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import open_case

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
URL = "http://panel.example/live/anna/s3cret/17.m3u8"


def exchange(payload: bytes) -> Exchange:
    return Exchange(
        url=URL,
        method="GET",
        target="/live/anna/s3cret/17.m3u8",
        request_headers=(("Host", "panel.example"), ("X-Line", "anna")),
        status=200,
        reason="OK",
        headers=(("Set-Cookie", "session=s3cret"), ("Content-Type", "video/mp2t")),
        payload=payload,
        asked_at=NOON,
        answered_at=NOON,
        address="192.0.2.1",
    )


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[Path, FolderStore, ExhibitId, ExhibitId]:
    """A case with one archive in the open and one sealed encrypted."""
    store = FolderStore(KeyFolder(tmp_path / "keys"))
    case = open_case(tmp_path / "case", store=store, clock=FixedClock(NOON))
    journal = Journal(case.ledger, case.vault, case.clock, pseudonyms=KeyedPseudonyms(b"k" * 32))
    [shown] = journal.seal_exchanges([exchange(b"G" * 900)], what="segment", confidential=False)
    [hidden] = journal.seal_exchanges([exchange(b"#EXTM3U\n")], what="playlist", confidential=True)
    case.leave()
    return tmp_path / "case", store, shown, hidden


@pytest.mark.parametrize("body", [{}, {"exhibit": 5}, {"exhibit": {"id": "x"}, "what": "x"}])
def test_a_record_that_seals_nothing_is_passed_over(sealed, body) -> None:
    path, store, shown, hidden = sealed
    case = open_case(path, store=store, clock=FixedClock(NOON))
    case.ledger.append("exhibit.sealed", body, at=NOON)
    case.leave()
    assert {one.id for one in exhibits_in(path, store=FolderStore())} == {shown, hidden}


def test_what_lies_in_the_open_carries_no_credential_and_its_payload_whole(sealed) -> None:
    case, _, shown, _ = sealed
    one, data = open_exhibit(case, shown, store=FolderStore())
    assert one.subject is None
    assert b"s3cret" not in data
    assert b"anna" not in data
    [kept] = read_warc(data)
    assert kept.body == b"G" * 900
    assert kept.url.startswith("http://panel.example/live/~")


def test_what_is_confidential_is_as_it_was_on_the_wire_for_who_has_the_keys(sealed) -> None:
    case, store, _, hidden = sealed
    one, data = open_exhibit(case, hidden[7:19], store=store)
    assert (one.what, one.media_type) == ("playlist", "application/warc")
    assert b"GET /live/anna/s3cret/17.m3u8 HTTP/1.1" in data
    with pytest.raises(InputError):
        open_exhibit(case, hidden, store=FolderStore())


def test_what_was_erased_says_so(sealed) -> None:
    case, store, _, hidden = sealed
    [one] = [one for one in exhibits_in(case, store=store) if one.id == hidden]
    store.vault(case, store.keys(case)).erase(one.subject)
    with pytest.raises(ErasedError):
        open_exhibit(case, hidden, store=store)


@pytest.mark.parametrize("name", ["abc", "f" * 64, "sha256:zz"])
def test_a_name_that_is_no_exhibits_is_bad_input(sealed, name: str) -> None:
    case, store, _, _ = sealed
    with pytest.raises(InputError):
        open_exhibit(case, name, store=store)


def test_the_command_writes_archive_and_payload(
    sealed, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case, _, _, hidden = sealed
    keys, out, body = str(tmp_path / "keys"), tmp_path / "one.warc", tmp_path / "body.m3u8"
    ask = ["exhibit", str(case), hidden[7:19], "--keys", keys]
    app([*ask, "--out", str(out)], standalone_mode=False)
    app([*ask, "--payload", "1", "--out", str(body)], standalone_mode=False)
    app(ask, standalone_mode=False)
    app(["exhibit", str(case)], standalone_mode=False)
    assert body.read_bytes() == b"#EXTM3U\n"
    assert [one.status for one in read_warc(io.BytesIO(out.read_bytes()).read())] == [200]
    said = capsys.readouterr()
    assert "s3cret" not in said.out + said.err
