"""What an operation tells everybody, in the room: who may save it, and that it is what a command makes."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.console.operations import BRAND, CASE, DOMAIN, ROME, SECRET, SOFIA, Joint
from tests.console.test_seizures import seated, words

from cautery.model.room import Act, RoomRole
from cautery.workflows.operation.seizure_site import EXAMPLE

AT = datetime(2026, 11, 26, 14, 50, tzinfo=UTC)
PLACE = f"/operations/{CASE}"
PAGE, SHEET, SITE = f"{PLACE}/signal", f"{PLACE}/press-sheet", f"{PLACE}/seizure-page"


@pytest.fixture(scope="session")
def joint(made_once: Any) -> Path:
    """The folder of an operation that took a domain over, which no test changes."""

    def made(folder: Path) -> Path:
        Joint(folder, AT).began().seized().took_over()
        return folder

    return made_once("room-signal", made)  # type: ignore[no-any-return]


@pytest.fixture
def alone(joint: Path, room_at: Any) -> Any:
    return room_at(joint / "cases", AT)


@pytest.fixture
def peopled(joint: Path, room_at: Any, people_room: Any, tmp_path: Path) -> Iterator[Any]:
    with ExitStack() as stack:
        yield people_room.open_people_room(stack, room_at(joint / "cases", AT).desk, tmp_path)


def sent(client: Any, **fields: Any) -> Any:
    """Send the form of the page as a browser does."""
    page = client.get(PAGE).text
    token = re.search(r'name="csrf" value="([^"]+)"', page)
    assert token is not None, page
    form = {"offers": EXAMPLE, "agency": [ROME, "nl-fiod"], "language": ["fr", "en"], **fields}
    return client.post(
        SITE,
        data={"csrf": token[1], **form},
        headers={"origin": str(client.base_url).rstrip("/")},
    )


def test_the_page_shows_what_was_taken_over_and_what_may_be_named(alone: Any) -> None:
    page = words(alone.text(PAGE))
    assert DOMAIN in page
    assert BRAND in page
    assert "Press sheet" in page


def test_an_operation_that_took_nothing_over_says_so_and_has_a_press_sheet(
    tmp_path: Path, room_at: Any
) -> None:
    room = room_at(Joint(tmp_path, AT).began().cases, AT)
    assert "no domain and no panel was taken over" in words(room.text(PAGE))
    assert room.client.get(SHEET).status_code == 200


@pytest.mark.parametrize(
    ("form", "kind", "begins"),
    [
        ("html", "text/html", b"<!doctype html>"),
        ("pdf", "application/pdf", b"%PDF-"),
        ("json", "application/json", b"{"),
    ],
)
def test_the_press_sheet_is_saved_in_each_form(
    alone: Any, form: str, kind: str, begins: bytes
) -> None:
    answer = alone.client.get(f"{SHEET}?form={form}&language=fr")
    assert answer.headers["content-type"].startswith(kind)
    assert answer.content.startswith(begins)
    assert SECRET.encode() not in answer.content


def test_each_number_of_the_sheet_leads_to_a_page_of_the_room(alone: Any) -> None:
    html = alone.text(f"{SHEET}?language=en")
    records = re.findall(rf'href="(/cases/{CASE}/records/\d+)"', html)
    assert records
    assert alone.client.get(records[0]).status_code == 200
    assert 'href="page#exhibits"' in html
    policy = alone.client.get(SHEET).headers["content-security-policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy


def test_the_sheet_in_all_languages_begins_with_french(alone: Any) -> None:
    sheets = json.loads(alone.text(f"{SHEET}?form=json"))["sheets"]
    assert [sheet["language"] for sheet in sheets] == ["fr", "en", "it", "es"]


def test_the_form_gives_the_folder_of_a_seizure_page(alone: Any) -> None:
    answer = sent(alone.client)
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        names = set(archive.namelist())
        page = archive.read("site/fr.html").decode()
    assert {"site/index.html", "dns/seized.zone", "servers/nginx.conf", "READ-ME.txt"} <= names
    assert BRAND in page
    assert SECRET not in page


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"agency": []}, "no agency is named"),
        ({"offers": EXAMPLE.replace("https://sport", "http://sport")}, "is not https"),
        ({"offers": "x"}, "not valid TOML"),
        ({"language": ["xx"]}, "the page has no texts in language 'xx'"),
        ({"agency": ["europol"]}, "is not an agency at the table"),
    ],
)
def test_what_does_not_fit_is_a_sentence_on_the_page_and_nothing_is_saved(
    alone: Any, fields: dict[str, Any], told: str
) -> None:
    answer = sent(alone.client, **fields)
    assert answer.status_code in {400, 422}
    assert told in words(answer.text)
    assert "attachment" not in answer.headers.get("content-disposition", "")
    if "offers" in fields:  # what was typed is still there
        typed = re.search(r"<textarea[^>]*>(.*?)</textarea>", answer.text, re.DOTALL)
        assert typed is not None
        assert unescape(typed[1]).strip() == fields["offers"].strip()


def test_a_form_without_the_rooms_token_gives_nothing(alone: Any) -> None:
    origin = {"origin": str(alone.client.base_url).rstrip("/")}
    answer = alone.client.post(SITE, data={"offers": EXAMPLE, "agency": ROME}, headers=origin)
    assert answer.status_code != 200
    assert "attachment" not in answer.headers.get("content-disposition", "")


def test_a_guest_agency_sees_nothing_of_it(peopled: Any) -> None:
    client = seated(peopled, SOFIA)
    assert client.get(PAGE).status_code == 404
    assert client.get(SHEET).status_code in {403, 404}
    assert "signal" not in client.get(PLACE).text


@pytest.mark.parametrize("role", RoomRole)
def test_only_who_may_hand_over_saves_a_sheet(peopled: Any, role: RoomRole) -> None:
    client = peopled.as_(role)
    expected = 200 if role is RoomRole.LEGAL else 403
    assert client.get(SHEET).status_code == expected
    page = client.get(PAGE)
    if page.status_code == 200:
        assert (SHEET in page.text) == (role is RoomRole.LEGAL)
        assert (f'action="{SITE}"' in page.text) == (role is RoomRole.LEGAL)


def test_saving_is_a_disclosure_in_the_access_log(peopled: Any) -> None:
    client = peopled.as_(RoomRole.LEGAL)
    client.get(SHEET)
    *_, entry = peopled.people.ledger.read()
    assert (entry.content.case, entry.content.act) == (CASE, Act.DISCLOSURE)


@pytest.mark.parametrize(
    ("tongue", "heading"),
    [("en", "Seizure page"), ("fr", "Page de saisie"), ("it", "Pagina di sequestro"),
     ("es", "Página de incautación")],
)  # fmt: skip
def test_the_page_speaks_four_languages(alone: Any, tongue: str, heading: str) -> None:
    page = alone.text(PAGE, headers={"accept-language": tongue})
    assert heading in words(page)
    assert f'<html lang="{tongue}"' in page
