"""Photographs by telephone: who may send one, what comes in, who sees it, and that it is in the log."""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.console.operations import CASE, ROME, SOFIA, Joint
from tests.console.test_seizures import AT, PLACE, key_of, seated

from cautery.console import files_form
from cautery.console.people_entry import Place, csrf_of
from cautery.console.photo_pages import most_upload
from cautery.model.photograph import MAX_PHOTO_BYTES
from cautery.model.records import DataUsed
from cautery.model.room import Act, RoomRole
from cautery.workflows.operation.close_desk import close_desk
from cautery.workflows.operation.file_photographs import file_photographs, tray_of
from cautery.workflows.operation.register_book import Book
from cautery.workflows.people import arrivals

PHOTO = b"\xff\xd8\xff\xe0 a seal" + bytes(range(256)) * 300
ORIGIN = {"origin": "http://127.0.0.1:8017"}
MAY = {RoomRole.ANALYST, RoomRole.DUTY_OFFICER, RoomRole.COMMANDER}


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture
def joint(made_once: Any, tmp_path: Path) -> Joint:
    """An operation that seized something, which the test may change."""

    def made(folder: Path) -> Path:
        Joint(folder, AT).began().seized()
        return folder

    shutil.copytree(made_once("room-seizures", made), tmp_path, dirs_exist_ok=True)
    return Joint(tmp_path, AT)


@pytest.fixture
def room(joint: Joint, room_at: Any, people_room: Any, tmp_path: Path) -> Iterator[Any]:
    with ExitStack() as stack:
        yield people_room.open_people_room(stack, room_at(joint.cases, AT).desk, tmp_path)


@pytest.fixture
def keys(room: Any) -> dict[str, str]:
    """The keys of the exhibits, by number."""
    page = room.as_(RoomRole.AUDITOR).get(f"{PLACE}/exhibits").text
    return {number: key_of(page, number) for number in ("IT-0001", "IT-0002", "BG-0001", "BG-0002")}


def page_of(key: str) -> str:
    return f"{PLACE}/exhibits/{key}"


def send(room: Any, client: Any, key: str, photo: bytes = PHOTO, **more: Any) -> Any:
    """Send a photograph as the form on the exhibit's page does."""
    fields = {"csrf": csrf_of(room.token(client)), "note": more.pop("note", "")}
    files = {"photo": (more.pop("name", "IMG_1.jpg"), photo, "image/jpeg")}
    headers = ORIGIN | more.pop("headers", {})
    return client.post(
        f"{page_of(key)}/photographs", data=fields | more, files=files, headers=headers
    )


def test_a_photograph_comes_waits_and_is_filed(
    room: Any, keys: dict[str, str], joint: Joint
) -> None:
    key, client = keys["IT-0001"], room.as_(RoomRole.ANALYST)
    form = client.get(page_of(key)).text
    assert 'enctype="multipart/form-data"' in form
    assert 'capture="environment"' in form
    answer = send(room, client, key, note="the seal, whole <b>")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{page_of(key)}?done=sent")
    page = client.get(answer.headers["location"]).text
    assert "The photograph has come." in page
    assert "the seal, whole &lt;b&gt;" in page
    assert "analyst ( it-postal )" in words(page)
    shown = re.search(r'<img loading="lazy" src="([^"]+)"', page)
    assert shown
    picture = client.get(shown[1])
    assert picture.content == PHOTO
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.headers["x-content-type-options"] == "nosniff"
    assert picture.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert "IMG_1" not in page + str(picture.headers)
    assert "photograph waits" in client.get(f"{PLACE}/exhibits").text
    assert "1 photograph waits to be filed." in client.get(f"{PLACE}/board").text

    desk = joint.desk()
    book = Book(desk)
    waiting = tray_of(desk, room.people.tray, book).waiting
    [_] = file_photographs(
        desk, room.people.tray, book, waiting, by="exhibits officer", why="of the search"
    )
    desk.leave()
    filed = words(client.get(page_of(key)).text)
    assert "Photographs that were filed" in filed
    assert "filed by exhibits officer: of the search" in filed
    assert "Photographs that wait" not in filed
    assert client.get(shown[1]).status_code == 404
    assert "waits to be filed" not in client.get(f"{PLACE}/board").text


@pytest.mark.parametrize("role", RoomRole)
def test_who_may_send_one_and_look_at_it(room: Any, keys: dict[str, str], role: RoomRole) -> None:
    send(room, room.as_(RoomRole.ANALYST), keys["IT-0001"], note="the seal")
    [waiting] = room.people.tray.waiting()
    client = room.as_(role)
    answer = send(room, client, keys["IT-0001"], PHOTO + b"2")
    picture = client.get(f"{page_of(keys['IT-0001'])}/photographs/{waiting.sha256}")
    if role in MAY:
        assert (answer.status_code, picture.status_code) == (303, 200)
    else:
        refused = 404 if role is RoomRole.GUEST else 403
        assert (answer.status_code, picture.status_code) == (refused, refused)
        assert len(room.people.tray.waiting()) == 1
    page = client.get(page_of(keys["IT-0001"]))
    if page.status_code == 200:  # that it waits, all see who see the exhibit
        assert "the seal" in page.text
        assert ("<img" in page.text) == (role in MAY)
        assert ("multipart" in page.text) == (role in MAY)


def test_a_guest_photographs_its_own_exhibits_alone_and_sees_its_own_photographs(
    room: Any, keys: dict[str, str]
) -> None:
    sofia, rome = seated(room, SOFIA), room.as_(RoomRole.ANALYST)
    assert send(room, sofia, keys["BG-0001"], note="by sofia").status_code == 303
    assert send(room, rome, keys["BG-0001"], PHOTO + b"2", note="by rome").status_code == 303
    assert send(room, rome, keys["IT-0001"], PHOTO + b"3", note="of rome").status_code == 303
    for key in (keys["IT-0001"], "0" * 16):
        hidden = send(room, sofia, key, PHOTO + b"4")
        assert hidden.status_code == 404
        assert "There is no exhibit" in hidden.text
    page = sofia.get(page_of(keys["BG-0001"])).text
    assert "by sofia" in page
    assert "by rome" not in page
    assert "cautery operation photos" not in page
    assert "1 photograph waits" in sofia.get(f"{PLACE}/board").text
    assert "3 photographs wait" in rome.get(f"{PLACE}/board").text
    waiting = {one.photograph.note: one for one in room.people.tray.waiting()}
    assert waiting["by sofia"].photograph.agency == SOFIA
    assert waiting["by rome"].photograph.agency == ROME
    for note, status in (("by sofia", 200), ("by rome", 404)):
        place = f"{page_of(keys['BG-0001'])}/photographs/{waiting[note].sha256}"
        assert sofia.get(place).status_code == status, note
    assert sofia.get(
        f"{page_of(keys['IT-0001'])}/photographs/{waiting['of rome'].sha256}"
    ).status_code == 404  # fmt: skip


def test_the_access_log_has_its_hash_before_the_sender_is_told(
    room: Any, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = room.as_(RoomRole.ANALYST)
    send(room, client, keys["IT-0001"], note="the seal")
    *_, asked, came = room.people.ledger.read()
    [waiting] = room.people.tray.waiting()
    for entry in (asked, came):
        assert isinstance(entry.content, DataUsed)
        assert (entry.content.act, entry.content.case) == (Act.COLLECTION, CASE)
    assert ("photograph", waiting.sha256) in came.content.numbers
    assert ("key", keys["IT-0001"]) in came.content.numbers
    assert b"the seal" not in came.leaf

    ledger, calls = room.people.ledger, []

    def full(*arguments: Any, **keywords: Any) -> Any:
        calls.append(arguments)
        if len(calls) > 1:  # the first is the gate's
            raise OSError("the disk is full")
        return append(*arguments, **keywords)

    append = type(ledger).append.__get__(ledger)
    monkeypatch.setattr(type(ledger), "append", lambda _, *a, **k: full(*a, **k))
    with pytest.raises(OSError, match="full"):
        send(room, client, keys["IT-0001"], PHOTO + b"2")
    assert len(room.people.tray.waiting()) == 1


def test_sent_twice_it_waits_once(room: Any, keys: dict[str, str]) -> None:
    client = room.as_(RoomRole.ANALYST)
    for _ in range(2):
        assert send(room, client, keys["IT-0001"]).status_code == 303
    assert len(room.people.tray.waiting()) == 1


def bomb() -> bytes:
    """A PNG of 60,000 x 60,000 black pixels in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
        )

    size = (60_000).to_bytes(4, "big")
    head = size + size + b"\x08\x00\x00\x00\x00"
    pixels = zlib.compress(bytes(1 << 22), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def test_a_bomb_is_kept_as_the_bytes_that_it_is(room: Any, keys: dict[str, str]) -> None:
    client = room.as_(RoomRole.ANALYST)
    assert send(room, client, keys["IT-0001"], bomb()).status_code == 303
    [waiting] = room.people.tray.waiting()
    assert waiting.photograph.media_type == "image/png"
    picture = client.get(f"{page_of(keys['IT-0001'])}/photographs/{waiting.sha256}")
    assert picture.content == bomb()


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", b"<!doctype html><p>x", b"GIF89a" * 9],
)  # fmt: skip
def test_what_is_no_photograph_is_refused_in_words_and_the_note_stays(
    room: Any, keys: dict[str, str], content: bytes
) -> None:
    client = room.as_(RoomRole.ANALYST)
    answer = send(room, client, keys["IT-0001"], content, note="what I typed")
    assert answer.status_code == 400
    assert re.search("Choose a photograph|no photograph that the register takes", answer.text)
    assert "what I typed</textarea>" in answer.text
    assert room.people.tray.waiting() == []


def test_more_than_the_register_takes_is_refused(
    room: Any, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = room.as_(RoomRole.ANALYST)
    path = f"{page_of(keys['IT-0001'])}/photographs"
    assert most_upload(path) > MAX_PHOTO_BYTES
    length = {"content-length": str(most_upload(path) + 1)}
    assert send(room, client, keys["IT-0001"], headers=length).status_code == 413
    monkeypatch.setattr(arrivals, "MAX_PHOTO_BYTES", len(PHOTO) - 1)
    answer = send(room, client, keys["IT-0001"])
    assert answer.status_code == 400
    assert "A photograph has at most" in answer.text
    assert room.people.tray.waiting() == []


def test_a_form_of_another_page_brings_no_photograph(room: Any, keys: dict[str, str]) -> None:
    client, key = room.as_(RoomRole.ANALYST), keys["IT-0001"]
    assert send(room, client, key, headers={"origin": "https://evil.example"}).status_code == 403
    answer = send(room, client, key, csrf="0" * 64)
    assert answer.status_code == 400
    assert "earlier login" in answer.text
    stranger = room.browser()
    assert send(room, stranger, key).status_code == 401
    assert send(room, client, "../../" + key, PHOTO[:99]).status_code == 415
    files = {"photo": ("x", PHOTO[:99], "image/jpeg")}
    for path in (f"{PLACE}/board", "/login", "/askings", page_of(key)):
        assert client.post(path, files=files, headers=ORIGIN).status_code == 415, path
    assert room.people.tray.waiting() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b\r\n",
        b"--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="photo"\r\n\r\nx\r\n--b--\r\n',
        b"--b\r\n" + b"x: y\r\n" * 5_000,
        b'junk before\r\n--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\nx\r\n--b--\r\n',
        b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n' + b"x" * 9_000,
        b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n\xff\r\n--b--\r\n',
        b"--b\r\n\r\n\r\n" * 3_000,
    ],
)  # fmt: skip
def test_a_form_that_is_none_is_refused(room: Any, keys: dict[str, str], body: bytes) -> None:
    client = room.as_(RoomRole.ANALYST)
    headers = ORIGIN | {"content-type": "multipart/form-data; boundary=b"}
    path = f"{page_of(keys['IT-0001'])}/photographs"
    assert client.post(path, content=body, headers=headers).status_code == 400
    for kind in ("multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=b; x=y"):  # fmt: skip
        answer = client.post(path, content=body, headers=ORIGIN | {"content-type": kind})
        assert answer.status_code == 400, kind
    assert client.post(path, data={"photo": "x"}, headers=ORIGIN).status_code == 400
    assert room.people.tray.waiting() == []


def test_a_photograph_with_the_marks_of_a_form_in_it_comes_whole_in_any_pieces(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever the network cuts: the bytes are those that were sent."""
    photo = b"\r\n--b\r--b--\r\n-\r\n--" + PHOTO[:400] + b"\r\n--\r\n"
    body = (
        b'--bound\r\nContent-Disposition: form-data; name="csrf"\r\n\r\ntoken\r\n'
        b'--bound\r\nContent-Disposition: form-data; name="note"\r\n\r\n\r\n'
        b'--bound\r\nContent-Disposition: form-data; name="photo"; filename="\r-x.jpg"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n" + photo + b"\r\n--bound--\r\n"
    )

    class Asked:
        headers = {"content-type": 'multipart/form-data; boundary="bound"'}  # noqa: RUF012

        def __init__(self, size: int) -> None:
            self.size = size

        async def stream(self) -> Any:
            for begin in range(0, len(body), self.size):
                yield body[begin : begin + self.size]

    async def read(size: int) -> tuple[str, str, bytes]:
        form = files_form.FilesForm(Asked(size))  # type: ignore[arg-type]
        csrf, note = await form.text("csrf", most=9), await form.text("note", most=9)
        return csrf, note, b"".join([piece async for piece in form.file("photo")])

    for size in (*range(1, 40), len(body)):
        assert asyncio.run(read(size)) == ("token", "", photo), size


async def test_who_sends_too_slowly_or_too_much_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never() -> Any:
        await asyncio.Event().wait()

    async def much() -> Any:
        return {"type": "http.request", "body": b"xx", "more_body": True}

    monkeypatch.setattr(files_form, "UPLOAD_S", 0.0)
    with pytest.raises(files_form.InputError, match="comes whole within"):
        await files_form.bounded(never, 10)()
    monkeypatch.setattr(files_form, "UPLOAD_S", 60.0)
    with pytest.raises(files_form.InputError):
        await files_form.bounded(much, 1)()


@pytest.mark.parametrize("who", ["stranger", "auditor", "analyst"])
async def test_nothing_of_a_photograph_is_read_before_it_is_known_whose_it_is(
    room: Any, keys: dict[str, str], who: str
) -> None:
    client = room.browser() if who == "stranger" else room.as_(RoomRole(who))
    path = f"{page_of(keys['IT-0001'])}/photographs"
    begin = b'--b\r\ncontent-disposition: form-data; name="csrf"\r\n\r\nanother\r\n--b\r\n'
    read, status = [], []

    async def receive() -> Any:
        read.append(begin)
        return {"type": "http.request", "body": begin, "more_body": True}

    async def send_on(message: Any) -> None:
        status.append(message.get("status"))

    headers = {
        "host": "127.0.0.1:8017",
        "origin": ORIGIN["origin"],
        "user-agent": "Firefox",
        "content-type": "multipart/form-data; boundary=b",
        "content-length": str(MAX_PHOTO_BYTES),
        "cookie": f"{room.cookie}={room.token(client)}",
    }
    scope = {
        "type": "http",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "http_version": "1.1",
        "client": ("testclient", 50000),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    await room.app(scope, receive, send_on)
    assert (status[0], len(read)) == {
        "stranger": (401, 0),
        "auditor": (403, 0),
        "analyst": (400, 1),
    }[who]


def test_a_tray_that_was_tampered_with_is_seen_in_the_room(
    room: Any, keys: dict[str, str], tmp_path: Path
) -> None:
    client = room.as_(RoomRole.ANALYST)
    send(room, client, keys["IT-0001"], note="the seal, whole")
    [entry] = (tmp_path / "people" / "tray").glob("*.json")
    [photo] = (tmp_path / "people" / "tray").glob("*.photo")
    place = f"{page_of(keys['IT-0001'])}/photographs/{photo.stem[:64]}"
    photo.write_bytes(b"\xff\xd8\xffanother one")
    swapped = client.get(place)
    assert swapped.status_code == 409
    assert "another one" not in swapped.text
    entry.write_text(entry.read_text().replace("the seal, whole", "the seal, torn"))
    assert client.get(place).status_code == 404
    assert "It cannot be filed." in client.get(page_of(keys["IT-0001"])).text
    sofia = seated(room, SOFIA)
    assert "cannot be filed" not in sofia.get(page_of(keys["BG-0001"])).text


def test_a_photograph_is_sent_in_pieces_whoever_reads_slowly(
    room: Any, keys: dict[str, str]
) -> None:
    client, most = room.as_(RoomRole.ANALYST), 12 << 20
    content = b"\xff\xd8\xff" + bytes(most)
    send(room, client, keys["IT-0001"], photo=content)
    place = f"{page_of(keys['IT-0001'])}/photographs/{hashlib.sha256(content).hexdigest()}"
    assert client.get(place, headers={"range": "bytes=1-2"}).content == content[1:3]
    tracemalloc.start()
    try:
        with client.stream("GET", place) as answer:
            assert answer.headers["content-length"] == str(len(content))
            assert max(map(len, answer.iter_raw())) <= 1 << 20
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < most


def test_the_tray_is_its_owners_alone(room: Any, keys: dict[str, str], tmp_path: Path) -> None:
    send(room, room.as_(RoomRole.ANALYST), keys["IT-0001"])
    tray = tmp_path / "people" / "tray"
    assert tray.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in tray.iterdir()} == {0o600}


def test_a_closed_case_takes_no_photograph(room: Any, keys: dict[str, str], joint: Joint) -> None:
    close_desk(joint.desk())
    client = room.as_(RoomRole.ANALYST)
    assert "multipart" not in client.get(page_of(keys["IT-0001"])).text
    answer = send(room, client, keys["IT-0001"])
    assert answer.status_code == 400
    assert "The case is closed" in answer.text


def test_a_room_without_people_takes_no_photograph(joint: Joint, room_at: Any) -> None:
    alone = room_at(joint.cases, AT)
    key = key_of(alone.text(f"{PLACE}/exhibits"), "IT-0001")
    page = alone.text(page_of(key))
    assert "multipart" not in page
    assert "it takes no photographs" in page
    files = {"photo": ("x", PHOTO[:99], "image/jpeg")}
    path = f"{page_of(key)}/photographs"
    assert alone.client.post(path, files=files, headers=ORIGIN).status_code == 415
    assert not (joint.folder / "people").exists()


def test_a_label_leads_to_the_page_of_its_exhibit_where_the_room_has_a_name(
    joint: Joint, room_at: Any, people_room: Any, tmp_path: Path
) -> None:
    address = "https://room.league.example"
    with ExitStack() as stack:
        desk = room_at(joint.cases, AT).desk
        room = people_room.open_people_room(stack, desk, tmp_path, place=Place(address=address))
        client = room.as_(RoomRole.ANALYST, at=address)
        label = client.get(f"{PLACE}/labels?q=BG-0001").text
        code = re.search(r'aria-label="(https://[^"]+)"', label)
        assert code
        key = key_of(client.get(f"{PLACE}/exhibits").text, "BG-0001")
        assert code[1] == address + page_of(key)
        assert client.get(code[1]).status_code == 200
        found = client.get(f"{PLACE}/exhibits", params={"q": code[1]}).text
        assert re.findall(r">([A-Z]{2}-\d{4})</a>", found) == ["BG-0001"]


HEADINGS = {
    "en": ("Photograph it", "Photographs that wait to be filed"),
    "fr": ("La photographier",),
    "it": ("Fotografalo", "Fotografie in attesa di essere acquisite agli atti"),
    "es": ("Fotografiarla", "Fotografías que esperan a ser incorporadas al expediente"),
}


@pytest.mark.parametrize("tongue", HEADINGS)
def test_the_form_speaks_four_languages(room: Any, keys: dict[str, str], tongue: str) -> None:
    client = room.as_(RoomRole.ANALYST)
    send(room, client, keys["IT-0001"])
    page = client.get(page_of(keys["IT-0001"]), headers={"accept-language": tongue}).text
    for heading in HEADINGS[tongue]:
        assert f">{heading}</h2>" in page
