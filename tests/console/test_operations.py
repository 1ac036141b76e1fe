"""The pages of operations: who sees what of the table, the picture and the runs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.console import taxii
from tests.console.operations import (
    CASE,
    HAGUE,
    OWN,
    ROME,
    SECRET,
    SHARED,
    SOFIA,
    TARGET,
    TOLD,
    Joint,
)

from cautery.model.room import RoomRole

AT = datetime(2026, 11, 26, 4, 50, tzinfo=UTC)
PLACE = f"/operations/{CASE}"
PAGES = (PLACE, f"{PLACE}/picture", f"{PLACE}/deconfliction")


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


@pytest.fixture(scope="session")
def joint(made_once: Any) -> Path:
    """The folder of an operation that no test changes."""

    def made(folder: Path) -> Path:
        Joint(folder, AT).began()
        return folder

    return made_once("room-operations", made)  # type: ignore[no-any-return]


@pytest.fixture
def alone(joint: Path, room_at: Any) -> Any:
    return room_at(joint / "cases", AT)


@pytest.fixture
def peopled(joint: Path, room_at: Any, people_room: Any, tmp_path: Path) -> Iterator[Any]:
    with ExitStack() as stack:
        yield people_room.open_people_room(stack, room_at(joint / "cases", AT).desk, tmp_path)


def seated(room: Any, agency: str, *cases: str, role: RoomRole = RoomRole.GUEST) -> Any:
    """Return the browser of somebody with a seat, besides cases that were given."""
    name = f"of-{agency}"
    account, _ = room.people.accounts.make(
        name, [role], [f"{CASE}/{agency}", *cases], by="owner:0", why="liaison"
    )
    room.people.accounts.set_password(account.id, "four words that do not belong")
    client = room.browser()
    assert room.login(client, name).status_code == 303
    return client


def test_operations_are_found_among_the_cases_and_nothing_else_is(alone: Any) -> None:
    page = alone.text("/operations")
    assert "Operation Example" in page
    assert page.count('<tr class="row">') == 1
    assert 'href="/operations"' in alone.text("/")
    assert alone.text("/operations/none", status=404)


def test_a_case_that_is_no_operation_has_no_page_of_one(room: Any) -> None:
    assert '<tr class="row">' not in room.text("/operations")
    assert room.text("/operations/night-1", status=404)


def test_the_table_says_what_each_agency_may_see_and_what_is_withheld(alone: Any) -> None:
    page = words(alone.text(PLACE))
    assert "this is its own desk" in page
    sofia = page[page.index("GDBOP") : page.index("FIOD")]
    assert "sent to it" in sofia
    assert re.search(r"TLP:RED PAP:AMBER 1", sofia)
    assert (
        "2 statements were sent to GDBOP Sofia: request 12" in page
        or "statements were sent to GDBOP" in page
    )


def test_what_came_by_another_is_shown_as_passed_on(alone: Any) -> None:
    assert f"{HAGUE}, as passed on by {SOFIA}" in words(alone.text(f"{PLACE}/picture"))


def test_the_desks_own_people_see_the_whole_picture_and_who_else_does(alone: Any) -> None:
    page = words(alone.text(f"{PLACE}/picture"))
    assert SECRET in page
    assert "TLP:RED" in page
    assert f"sent to {SOFIA}" in page
    assert "may be sent to" in page
    found = words(alone.text(f"{PLACE}/picture?q=secret.example"))
    assert "1 in all" in found
    assert "No statement is like that" in alone.text(f"{PLACE}/picture?q=nothing-like-it")


def test_runs_say_what_is_shared_and_what_the_next_one_leaves_out(alone: Any) -> None:
    page = words(alone.text(f"{PLACE}/deconfliction"))
    assert f"1 target {SHARED}" in page
    assert "4 of 4" in page
    assert "TLP:RED PAP:AMBER 1" in page


def test_a_guest_agency_sees_its_own_and_what_it_was_sent(peopled: Any) -> None:
    sofia = seated(peopled, SOFIA)
    picture = sofia.get(f"{PLACE}/picture").text
    for there in (OWN, TOLD, SHARED):
        assert there in picture
    for absent in (SECRET, TARGET, "h0.example", "may be sent"):
        assert absent not in picture
    assert f"{HAGUE}, as passed on by {ROME}" in words(picture)
    assert f"{SOFIA}, as passed on" not in words(picture)
    table = words(sofia.get(PLACE).text)
    assert "withheld" not in table
    assert "You see what was released to GDBOP Sofia" in table
    runs = sofia.get(f"{PLACE}/deconfliction").text
    assert SHARED in runs
    assert "left out" not in runs.lower().replace("left out, by", "")
    assert "/operations/op-rome" in sofia.get("/operations").text


def test_a_seat_opens_no_record_exhibit_or_other_page_of_the_case(peopled: Any) -> None:
    sofia = seated(peopled, SOFIA)
    for path in ("", "/records/0", "/exhibits", "/verify", "/events", "/tonight", "/network"):
        assert sofia.get(f"/cases/{CASE}{path}").status_code == 404, path
    assert CASE not in sofia.get("/").text


def test_a_guest_who_was_given_the_case_by_its_name_sees_nothing_of_it_either(peopled: Any) -> None:
    """A keeper who writes the name without the agency opens nothing."""
    account, _ = peopled.people.accounts.make(
        "by-name", [RoomRole.GUEST], [CASE], by="owner:0", why="a slip"
    )
    peopled.people.accounts.set_password(account.id, "four words that do not belong")
    client = peopled.browser()
    assert peopled.login(client, "by-name").status_code == 303
    for path in (f"/cases/{CASE}", f"/cases/{CASE}/records/0", PLACE, f"{PLACE}/picture"):
        assert client.get(path).status_code == 404, path
    assert CASE not in client.get("/").text
    assert CASE not in client.get("/operations").text


def test_a_guest_finds_nothing_of_an_operation_by_the_search_over_cases(
    tmp_path: Path, room_at: Any, people_room: Any
) -> None:
    joint = Joint(tmp_path, AT).began()
    desk = joint.desk()
    appeared = {"title": "Hidden Panel", "source": "list", "host": "hidden.example", "offer": None}
    desk.case.ledger.append(
        "stream.appeared",
        appeared | {"url": "http://hidden.example/1", "at": "2026-03-01T20:00:00Z"},
        at=AT,
    )
    desk.leave()
    with ExitStack() as stack:
        room = people_room.open_people_room(stack, room_at(joint.cases, AT).desk, tmp_path)
        account, _ = room.people.accounts.make(
            "by-name", [RoomRole.GUEST], [CASE], by="owner:0", why="a slip"
        )
        room.people.accounts.set_password(account.id, "four words that do not belong")
        guest = room.browser()
        assert room.login(guest, "by-name").status_code == 303
        room.desk.gathering.look()
        room.desk.gathering.wait()
        pages = ("/find?q=hidden&regime=led", "/find/history?q=hidden.example&kind=host&regime=led")
        for path in pages:
            assert CASE in room.as_(RoomRole.ANALYST).get(path).text, path
            assert CASE not in guest.get(path).text, path


@pytest.mark.parametrize("agency", [ROME, "us-hsi"])
def test_a_seat_of_the_desks_own_agency_or_of_none_at_the_table_is_none(
    peopled: Any, agency: str
) -> None:
    client = seated(peopled, agency)
    absent = client.get("/operations/no-such")
    answer = client.get(PLACE)
    assert answer.status_code == absent.status_code == 404
    assert "Operation Example" not in client.get("/operations").text


def test_two_seats_at_one_table_are_none(peopled: Any) -> None:
    client = seated(peopled, SOFIA, f"{CASE}/{HAGUE}")
    assert client.get(PLACE).status_code == 404


def test_an_analyst_with_a_seat_alone_sees_what_the_agency_sees(peopled: Any) -> None:
    client = seated(peopled, SOFIA, role=RoomRole.ANALYST)
    assert SECRET not in client.get(f"{PLACE}/picture").text
    assert client.get(f"/cases/{CASE}").status_code == 404


@pytest.mark.parametrize("role", RoomRole)
def test_each_role_sees_operations_as_the_table_of_rights_has_it(
    peopled: Any, role: RoomRole
) -> None:
    client = peopled.as_(role)
    outcomes = {
        RoomRole.GUEST: 404,  # of another case
        RoomRole.PROVIDER: 403,
        RoomRole.KEEPER: 403,
    }
    for path in PAGES:
        assert client.get(path).status_code == outcomes.get(role, 200), path


def test_what_a_guest_may_not_see_changes_no_byte_of_its_pages(
    tmp_path: Path, room_at: Any, people_room: Any
) -> None:
    joint = Joint(tmp_path, AT).began()
    with ExitStack() as stack:
        room = people_room.open_people_room(stack, room_at(joint.cases, AT).desk, tmp_path)
        client = seated(room, SOFIA)
        before = {path: client.get(path).content for path in (*PAGES, "/operations", "/")}
        for number in range(3):
            joint.hide_more(number)
        after = {path: client.get(path).content for path in before}
        assert after == before
        analyst = room.as_(RoomRole.ANALYST)
        assert f"{SECRET} 2" in analyst.get(f"{PLACE}/picture").text  # the room saw the change


def test_each_look_is_logged_with_the_case(peopled: Any) -> None:
    client = seated(peopled, SOFIA)
    for path in PAGES:
        client.get(path)
        *_, entry = peopled.people.ledger.read()
        assert entry.content.case == CASE
        assert entry.content.why == "liaison"


def test_texts_of_agencies_are_escaped(tmp_path: Path, room_at: Any) -> None:
    from tests.console.operations import said

    from cautery.workflows.operation.share import add_statements

    joint = Joint(tmp_path, AT).began()
    rome = joint.desk()
    add_statements(rome, [said(ROME, "host:x.example", "<script>alert(1)</script>", AT)])
    rome.leave()
    page = room_at(joint.cases, AT).text(f"{PLACE}/picture")
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("tongue", ["en", "fr", "it", "es"])
def test_the_pages_speak_four_languages(alone: Any, tongue: str) -> None:
    for path in PAGES:
        page = alone.text(path, headers={"accept-language": tongue})
        assert f'<html lang="{tongue}"' in page


def test_the_case_of_an_operation_is_not_given_by_taxii_nor_named(
    joint: Path, room_at: Any, tmp_path: Path
) -> None:
    room = room_at(joint / "cases", AT, tmp_path)
    client = room.stranger()
    client.headers["authorization"] = f"Bearer {taxii.new_secret(room)}"
    assert "api_roots" not in client.get("/taxii2/").json()
    answer = client.get(f"/taxii2/{CASE}/")
    assert answer.status_code == 404
    assert answer.json() == client.get("/taxii2/nobody/").json()
    room.desk.shelves.close()
