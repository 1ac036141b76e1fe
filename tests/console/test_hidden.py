"""What strangers, guests and programs do not read: where anything lies on the machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.cosign_server import tls_of
from cautery.console.hidden import words_for
from cautery.errors import AbsentError, EvidenceError, InputError, StorageError
from cautery.model.ledger import append
from cautery.model.records import Failure
from cautery.model.room import RoomRole
from cautery.wiring.people import owner

WRONG = 'connection to server at "10.0.0.5", port 5432 failed: FATAL: no password for "cautery"'


@pytest.fixture
def guest(peopled: Any) -> Any:
    """A guest agency to which a case with a broken record was given."""
    account = peopled.accounts[RoomRole.GUEST]
    cases = ["night-1", "broken", "gone"]
    peopled.people.accounts.give(account.id, [RoomRole.GUEST], cases, by=owner(), why="x")
    return peopled.as_(RoomRole.GUEST)


def test_a_guest_reads_no_place_of_any_case(peopled: Any, guest: Any) -> None:
    folder = str(peopled.desk.cases.folder)
    # What cannot be read may be the table of an operation, of which a guest sees its seat alone.
    assert guest.get("/cases/broken").status_code == 404
    for path in ("/", "/cases/broken", "/cases/gone", "/cases/night-1", "/cases/none"):
        text = guest.get(path).text
        assert folder not in text, path
        assert "ledger.sqlite" not in text, path
    staff = peopled.as_(RoomRole.ANALYST)
    assert folder in staff.get("/cases/broken").text  # who works on it finds the file


def test_a_guest_reads_no_place_in_a_report_nor_in_what_a_live_page_sends(
    room_at: Any, make_season: Any, people_room: Any, tmp_path: Path
) -> None:
    cases = make_season(tmp_path)
    place = f"{cases}/cup/night-2/vault/ab"
    ledger = FolderStore().ledger(cases / "cup" / "night-2", read_only=False)
    *_, last = ledger.read()
    failure = Failure(
        what="publish",
        where="isp",
        error=place,
        message=f"{place}: No space left on device",
        at=last.record.at,
    )
    append(ledger, failure, at=last.record.at)
    ledger.close()

    async def once(*_: Any, since: int) -> AsyncIterator[int]:
        yield since + 1_000_000

    with ExitStack() as stack:
        room = people_room.open_people_room(stack, room_at(cases).desk, tmp_path)
        [id_] = [case.id for case in room.desk.cases.places() if case.id.endswith("night-2")]
        account = room.accounts[RoomRole.GUEST]
        room.people.accounts.give(account.id, [RoomRole.GUEST], [id_], by=owner(), why="x")
        guest, staff = room.as_(RoomRole.GUEST), room.as_(RoomRole.ANALYST)
        room.desk.live.changes = once
        for page in ("report", "tonight", "events"):
            path = f"/cases/{quote(id_, safe='')}/{page}"
            assert str(cases) not in guest.get(path).text, page
            assert str(cases) in staff.get(path).text, page


def test_a_server_that_refuses_is_not_told_to_a_guest(
    peopled: Any, guest: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Any:
        raise StorageError(WRONG)

    monkeypatch.setattr(peopled.desk.cases, "case", refuse)
    answer = guest.get("/cases/night-1")
    assert answer.status_code == 503
    assert "10.0.0.5" not in answer.text
    assert "This cannot be read now." in answer.text
    assert "10.0.0.5" in peopled.as_(RoomRole.ANALYST).get("/cases/night-1").text


@pytest.mark.parametrize("language", ["fr", "it", "es"])
def test_a_guest_reads_it_in_its_language(guest: Any, language: str) -> None:
    text = guest.get("/cases/broken", headers={"accept-language": language}).text
    assert "This cannot be read" not in text
    assert "ledger.sqlite" not in text


@pytest.mark.parametrize(
    ("error", "tells"),
    [
        (StorageError("disk full"), True),
        (EvidenceError("/srv/cautery/cases/md34/ledger.sqlite: not a regular file"), True),
        (EvidenceError("cases/md34/ledger.sqlite: malformed"), True),
        (InputError("postgresql://cautery@db/cautery: no such schema"), True),
        (InputError("x", hint="chmod 600 /etc/cautery/room/room.key"), True),
        (AbsentError("There is no case md35 here."), False),
        (InputError("Add one in the room: /account."), False),
        (EvidenceError("These media are too large to be played here."), False),
    ],
)
def test_a_place_is_known_by_its_form(error: Any, tells: Any) -> None:
    assert (words_for(error, ()) is not None) is tells


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate and its key, as room.pem and room.key."""
    import datetime as dt

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    made = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "room")])
    at = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .issuer_name(name)
        .subject_name(name)
        .public_key(made.public_key())
        .serial_number(1)
        .not_valid_before(at)
        .not_valid_after(at + dt.timedelta(days=1))
        .sign(made, hashes.SHA256())
    )
    pem, key = tmp_path / "room.pem", tmp_path / "room.key"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key.write_bytes(
        made.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, key


def test_a_private_key_that_others_can_read_or_change_is_refused(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    pem, key = pair
    for mode in (0o644, 0o604, 0o602, 0o660, 0o620):
        key.chmod(mode)
        with pytest.raises(InputError, match="other users can read or change"):
            tls_of(pem, key)
    key.chmod(0o600)
    assert tls_of(pem, key) is not None
    monkeypatch.setattr("os.getuid", lambda: key.stat().st_uid + 1)
    if key.stat().st_uid == 0:  # root's is lent by systemd, to a group as well
        key.chmod(0o440)
        assert tls_of(pem, key) is not None
        import os

        os.chown(key, 12_345, -1)
        key.chmod(0o600)
    with pytest.raises(InputError, match="belongs to another user"):
        tls_of(pem, key)
    with pytest.raises(InputError):
        tls_of(pem, key.with_name("none.key"))
