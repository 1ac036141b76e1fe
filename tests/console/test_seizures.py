"""The pages of what an operation seized: who sees which exhibit, labels, money, and the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.console.operations import CASE, GIVEN_SECRET, SEIZED_SECRET, SOFIA, Joint

from cautery.model.room import Act, RoomRole
from cautery.workflows.operation.close_desk import close_desk

AT = datetime(2026, 11, 26, 14, 50, tzinfo=UTC)
PLACE = f"/operations/{CASE}"
SHARED_PAGES = (f"{PLACE}/exhibits", f"{PLACE}/labels")
OWN_PAGES = (f"{PLACE}/money", f"{PLACE}/page")


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture(scope="session")
def joint(made_once: Any) -> Path:
    """The folder of an operation that seized something, which no test changes."""

    def made(folder: Path) -> Path:
        Joint(folder, AT).began().seized()
        return folder

    return made_once("room-seizures", made)  # type: ignore[no-any-return]


@pytest.fixture
def alone(joint: Path, room_at: Any) -> Any:
    return room_at(joint / "cases", AT)


@pytest.fixture
def peopled(joint: Path, room_at: Any, people_room: Any, tmp_path: Path) -> Iterator[Any]:
    with ExitStack() as stack:
        yield people_room.open_people_room(stack, room_at(joint / "cases", AT).desk, tmp_path)


def seated(room: Any, agency: str) -> Any:
    """Return the browser of a guest of another agency."""
    name = f"of-{agency}"
    account, _ = room.people.accounts.make(
        name, [RoomRole.GUEST], [f"{CASE}/{agency}"], by="owner:0", why="liaison"
    )
    room.people.accounts.set_password(account.id, "four words that do not belong")
    client = room.browser()
    assert room.login(client, name).status_code == 303
    return client


def key_of(page: str, number: str) -> str:
    found = re.search(rf'/exhibits/([0-9a-f]+)">{number}</a>', page)
    assert found, page
    return found[1]


def test_the_desks_own_people_see_the_register_and_its_sums(alone: Any) -> None:
    page = words(alone.text(f"{PLACE}/exhibits"))
    assert "4 in all" in page
    assert "IT-0002" in page
    assert "150 000.50 EUR" in page
    assert "rack server, two disks" in page
    assert "wallet of the state BTC bc1qfh2nlvd8q9gsa79ngs2exf0u8atyd42hlrmyl3 2.4999 BTC" in page
    assert re.search(r"Debits and credits are equal over \d+ movements", page)


@pytest.mark.parametrize(
    ("search", "numbers"),
    [
        ("seal-bg-0001", {"BG-0001"}),
        ("rack", {"IT-0001"}),
        ("hall of it", {"IT-0001", "IT-0002"}),
        ("nothing-like-it", set()),
    ],
)
def test_exhibits_are_searched_by_what_their_rows_show(
    alone: Any, search: str, numbers: set[str]
) -> None:
    page = alone.text(f"{PLACE}/exhibits", params={"q": search})
    assert set(re.findall(r">([A-Z]{2}-\d{4})</a>", page)) == numbers


def test_a_code_that_a_telephone_read_leads_to_its_exhibit(alone: Any) -> None:
    label = alone.text(f"{PLACE}/labels", params={"q": "BG-0001"})
    code = re.search(r'aria-label="(cautery:exhibit:[^"]+)"', label)
    assert code
    page = alone.text(f"{PLACE}/exhibits", params={"q": code[1]})
    assert re.findall(r">([A-Z]{2}-\d{4})</a>", page) == ["BG-0001"]


def test_an_exhibit_shows_entry_correction_chain_and_coins(alone: Any) -> None:
    listed = alone.text(f"{PLACE}/exhibits")
    server = words(alone.text(f"{PLACE}/exhibits/{key_of(listed, 'IT-0001')}"))
    assert "rack server, two disks" in server
    assert "exhibits officer counted again description : rack server, two disks" in server
    wallet = words(alone.text(f"{PLACE}/exhibits/{key_of(listed, 'IT-0002')}"))
    assert "2.4999 BTC 0.0001" in wallet
    phone = words(alone.text(f"{PLACE}/exhibits/{key_of(listed, 'BG-0002')}"))
    assert "transferred to another agency evidence store it-postal: it-postal/9" in phone
    assert GIVEN_SECRET in phone
    assert "It was photographed" in phone
    assert alone.text(f"{PLACE}/exhibits/{'0' * 16}", status=404)


def test_a_label_says_who_seized_it_when_where_and_its_digest(alone: Any) -> None:
    listed = alone.text(f"{PLACE}/exhibits")
    key = key_of(listed, "IT-0001")
    exhibit = words(alone.text(f"{PLACE}/exhibits/{key}"))
    digest = re.search(r"\b[0-9a-f]{64}\b", exhibit)
    assert digest
    label = alone.text(f"{PLACE}/labels", params={"only": key})
    said = words(label)
    assert label.count("<li><span") == 1
    assert digest[0] in said.replace(" ", "")
    for text in (
        "IT-0001",
        "it-postal , it-postal/7",
        "26 Nov 2026, 12:50:00 UTC",
        "hall of IT-0001",
    ):
        assert text in said
    assert f"cautery:exhibit:op-2026-07:IT-0001:{key}" in label


def test_stickers_that_are_gone_are_left_empty(alone: Any) -> None:
    page = alone.text(f"{PLACE}/labels?skip=5")
    assert page.count('<li class="gone"') == 5
    assert page.count("<li><span") == 4
    assert alone.text(f"{PLACE}/labels?skip=21", status=404)


def test_more_labels_than_four_sheets_go_on_on_the_next_page(
    alone: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cautery.workflows.browse.register.A_SHEET", 1)
    monkeypatch.setattr("cautery.workflows.browse.register._SHEETS", 3)
    first = alone.text(f"{PLACE}/labels")
    after = re.search(r"after=([0-9a-f]+)", first)
    assert after
    second = alone.text(f"{PLACE}/labels?after={after[1]}")
    numbers = [re.findall(r"<b>([A-Z]{2}-\d+)</b>", page) for page in (first, second)]
    assert numbers == [["IT-0001", "IT-0002", "BG-0001"], ["BG-0002"]]


def test_money_shows_what_was_seized_and_what_went_to_the_state(alone: Any) -> None:
    page = words(alone.text(f"{PLACE}/money"))
    assert "value of exhibits as found 150 000.50 EUR" in page
    assert "2.4999 BTC 0.0001" in page
    assert "No money was traced in this case" in page


def test_the_page_of_the_operation_runs_nothing(alone: Any) -> None:
    answer = alone.client.get(f"{PLACE}/page")
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert "<h1>Operation Example</h1>" in answer.text
    assert "<script" not in answer.text


def test_the_page_of_a_closed_case_is_the_one_that_was_signed(tmp_path: Path, room_at: Any) -> None:
    joint = Joint(tmp_path, AT).began().seized()
    rome = joint.desk()
    signed = close_desk(rome).read_bytes()
    room = room_at(joint.cases, AT)
    assert room.client.get(f"{PLACE}/page").content == signed
    (joint.path / "operation.html").write_bytes(signed.replace(b"Example", b"Exomple"))
    assert "signed" in room_at(joint.cases, AT).text(f"{PLACE}/page", status=409)


def test_a_guest_sees_its_own_exhibits_up_to_where_it_gave_them_away(peopled: Any) -> None:
    sofia = seated(peopled, SOFIA)
    listed = sofia.get(f"{PLACE}/exhibits").text
    assert re.findall(r">([A-Z]{2}-\d{4})</a>", listed) == ["BG-0001", "BG-0002"]
    assert "passed on" in words(listed)
    phone = words(sofia.get(f"{PLACE}/exhibits/{key_of(listed, 'BG-0002')}").text)
    assert "it-postal: it-postal/9" in phone
    for absent in (GIVEN_SECRET, "photographed", SEIZED_SECRET, "Debits", "Value"):
        assert absent not in phone
        assert absent not in words(listed)
    labels = sofia.get(f"{PLACE}/labels").text
    assert re.findall(r"<b>([A-Z]{2}-\d+)</b>", labels) == ["BG-0001", "BG-0002"]


def test_a_guest_opens_no_exhibit_of_others_and_neither_money_nor_page(peopled: Any) -> None:
    rome = peopled.as_(RoomRole.ANALYST).get(f"{PLACE}/exhibits").text
    sofia = seated(peopled, SOFIA)
    key = key_of(rome, "IT-0002")
    absent = sofia.get(f"{PLACE}/exhibits/{'0' * 16}")
    hidden = sofia.get(f"{PLACE}/exhibits/{key}")
    assert absent.status_code == hidden.status_code == 404
    assert words(absent.text) == words(hidden.text)
    assert sofia.get(f"{PLACE}/labels?only={key}").status_code == 404
    for path in OWN_PAGES:
        assert sofia.get(path).status_code == 404, path
        assert path not in sofia.get(PLACE).text


def test_what_a_guest_may_not_see_of_the_register_changes_no_byte_of_its_pages(
    tmp_path: Path, room_at: Any, people_room: Any
) -> None:
    joint = Joint(tmp_path, AT).began().seized()
    with ExitStack() as stack:
        room = people_room.open_people_room(stack, room_at(joint.cases, AT).desk, tmp_path)
        client = seated(room, SOFIA)
        before = {path: client.get(path).content for path in (*SHARED_PAGES, PLACE)}
        for number in range(3):
            joint.take_more(number)
        assert {path: client.get(path).content for path in before} == before
        analyst = room.as_(RoomRole.ANALYST)
        assert f"{SEIZED_SECRET} 2" in analyst.get(f"{PLACE}/exhibits").text


@pytest.mark.parametrize("role", RoomRole)
def test_each_role_sees_seizures_as_the_table_of_rights_has_it(
    peopled: Any, role: RoomRole
) -> None:
    client = peopled.as_(role)
    outcomes = {RoomRole.GUEST: 404, RoomRole.PROVIDER: 403, RoomRole.KEEPER: 403}
    for path in (*SHARED_PAGES, *OWN_PAGES):
        assert client.get(path).status_code == outcomes.get(role, 200), path


def test_each_look_at_seizures_is_logged(peopled: Any) -> None:
    client = peopled.as_(RoomRole.AUDITOR)
    for path in (*SHARED_PAGES, *OWN_PAGES):
        client.get(path)
        *_, entry = peopled.people.ledger.read()
        assert (entry.content.case, entry.content.act) == (CASE, Act.CONSULTATION)


def test_texts_of_exhibits_are_escaped(tmp_path: Path, room_at: Any, monkeypatch: Any) -> None:
    hostile = "<script>alert(1)</script>"
    monkeypatch.setattr("tests.console.operations.SEIZED_SECRET", hostile)
    joint = Joint(tmp_path, AT).began().seized()
    room = room_at(joint.cases, AT)
    listed = room.text(f"{PLACE}/exhibits")
    for path in (*SHARED_PAGES, f"{PLACE}/money", f"{PLACE}/exhibits/{key_of(listed, 'IT-0002')}"):
        page = room.text(path)
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page


HEADINGS = {
    "en": ("Exhibits", "Labels of exhibits", "Money that was seized"),
    "fr": ("Pièces", "Étiquettes des pièces", "Argent saisi"),
    "it": ("Reperti", "Etichette dei reperti", "Denaro sequestrato"),
    "es": ("Piezas", "Etiquetas de las piezas", "Dinero incautado"),
}


@pytest.mark.parametrize("tongue", HEADINGS)
def test_the_pages_of_seizures_speak_four_languages(alone: Any, tongue: str) -> None:
    paths = (*SHARED_PAGES, f"{PLACE}/money")
    for path, heading in zip(paths, HEADINGS[tongue], strict=True):
        page = alone.text(path, headers={"accept-language": tongue})
        assert f'<html lang="{tongue}"' in page
        assert f"<h2>{heading}</h2>" in page


TITLES = {
    "en": "The day by the clock",
    "fr": "Le jour heure par heure",
    "it": "Il giorno ora per ora",
    "es": "El día hora a hora",
}


def test_the_page_of_the_operation_speaks_the_language_of_who_asks(alone: Any) -> None:
    for tongue, title in (*TITLES.items(), *TITLES.items()):
        page = alone.text(f"{PLACE}/page", headers={"accept-language": tongue})
        assert f'<html lang="{tongue}"' in page
        assert f"</span>{title}</h2>" in page
