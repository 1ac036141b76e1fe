"""The live board of an action day: who reports what, once, and who sees which steps."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from tests.console.operations import CASE, HAGUE, OWN, SECRET, SOFIA, TARGET, Joint
from tests.console.streams import listening

from cautery.adapters.case_folder import FolderStore
from cautery.model import CriterionAnswer, DayPlan, StepReport, StepState
from cautery.model.account import spoken_of
from cautery.model.ledger import contents
from cautery.model.room import Act, RoomRole

BOARD = f"/operations/{CASE}/board"


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


@dataclass
class Day:
    """A room over an operation whose moment is in ten minutes."""

    joint: Joint
    room: Any

    def records(self, kind: type) -> list[Any]:
        ledger = FolderStore().ledger(self.joint.path, read_only=True)
        try:
            return [content for _, content in contents(ledger, kind)]
        finally:
            ledger.close()

    def seated(self, agency: str) -> Any:
        account, _ = self.room.people.accounts.make(
            f"of-{agency}", [RoomRole.GUEST], [f"{CASE}/{agency}"], by="owner:0", why="liaison"
        )
        self.room.people.accounts.set_password(account.id, "four words that do not belong")
        client = self.room.browser()
        assert self.room.login(client, f"of-{agency}").status_code == 303
        return client

    def mark(self, client: Any, step: str, state: str) -> Any:
        """Press a button of the board as it is now."""
        value = self.button(client, step, state)
        return self.room.send(client, BOARD, mark=value)

    def button(self, client: Any, step: str, state: str) -> str:
        page = client.get(BOARD).text
        row = next(row for row in page.split("<tr ") if f"<bdi>{step}</bdi>" in row)
        found = re.search(rf'value="([0-9a-f]+ {state} \d+)"', row)
        assert found, row
        return found[1]

    def place(self, client: Any, step: str) -> str:
        row = next(
            row for row in client.get(BOARD).text.split("<tr ") if f"<bdi>{step}</bdi>" in row
        )
        found = re.search(rf'href="({BOARD}/[0-9a-f]+)"', row)
        assert found
        return found[1]


@pytest.fixture
def day(tmp_path: Path, room_at: Any, people_room: Any) -> Iterator[Day]:
    at = datetime.now(UTC).replace(microsecond=0)
    joint = Joint(tmp_path, at).began().planned()
    with ExitStack() as stack:
        room = people_room.open_people_room(stack, room_at(joint.cases, at).desk, tmp_path)
        yield Day(joint, room)


def test_a_commander_marks_steps_and_the_board_says_who_and_when(day: Day) -> None:
    commander = day.room.as_(RoomRole.COMMANDER)
    for state in ("ready", "running", "done"):
        answer = day.mark(commander, "rack-rome", state)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"{BOARD}?done=yes"
    reports = day.records(StepReport)
    assert [one.state.value for one in reports] == ["ready", "running", "done"]
    account = day.room.people.accounts.named("commander")
    assert {one.by for one in reports} == {f"{account.id} (it-postal)"}
    page = words(commander.get(BOARD).text)
    assert "commander (it-postal)" in page
    used = [entry.content for entry in day.room.people.ledger.read()]
    assert sum(getattr(one, "act", None) is Act.ALTERATION for one in used) == 3


def test_a_form_that_is_sent_twice_is_one_report(day: Day) -> None:
    commander = day.room.as_(RoomRole.COMMANDER)
    value = day.button(commander, "rack-rome", "ready")
    for _ in range(3):
        assert day.room.send(commander, BOARD, mark=value).status_code == 303
    assert len(day.records(StepReport)) == 1


def test_who_reports_on_an_old_look_is_told_who_came_between(day: Day) -> None:
    commander, analyst = day.room.as_(RoomRole.COMMANDER), day.room.as_(RoomRole.ANALYST)
    old = day.button(analyst, "rack-rome", "done")
    day.mark(commander, "rack-rome", "running")
    answer = day.room.send(analyst, BOARD, mark=old)
    assert answer.status_code == 400
    assert "commander (it-postal) reported “running”" in words(answer.text)
    assert [one.state for one in day.records(StepReport)] == [StepState.RUNNING]


def test_a_failed_step_keeps_what_was_said_and_is_planned_again_once(day: Day) -> None:
    analyst = day.room.as_(RoomRole.ANALYST)
    place = day.place(analyst, "rack-hague")
    fields = {"state": "failed", "text": "the wrong data centre", "seen": "0"}
    for _ in range(2):
        assert day.room.send(analyst, place, **fields).status_code == 303
    assert len(day.records(StepReport)) == 1
    assert len(day.records(DayPlan)) == 2
    page = analyst.get(place).text
    assert "the wrong data centre" in page
    assert "Report it" not in page  # it is out of the day


@pytest.mark.parametrize("role", RoomRole)
def test_only_who_may_report_does(day: Day, role: RoomRole) -> None:
    commander = day.room.as_(RoomRole.COMMANDER)
    value = day.button(commander, "rack-rome", "done")
    client = day.room.as_(role)
    status = day.room.send(client, BOARD, mark=value).status_code
    expected = {RoomRole.COMMANDER: 303, RoomRole.ANALYST: 303, RoomRole.DUTY_OFFICER: 303}
    assert status == expected.get(role, 404 if role is RoomRole.GUEST else 403)
    buttons = 'name="mark"' in client.get(BOARD).text
    assert buttons == (status == 303)


def test_who_reports_stands_in_the_case_by_an_id_and_on_the_board_by_name_until_it_is_erased(
    day: Day,
) -> None:
    commander = day.room.as_(RoomRole.COMMANDER)
    day.mark(commander, "rack-rome", "done")
    account = day.room.people.accounts.named("commander")
    ledger = FolderStore().ledger(day.joint.path, read_only=True)
    try:
        assert not [entry for entry in ledger.read() if b"commander" in entry.leaf]
    finally:
        ledger.close()
    analyst = day.room.as_(RoomRole.ANALYST)
    place = day.place(analyst, "rack-rome")
    assert "commander (it-postal)" in words(analyst.get(place).text)
    day.room.people.accounts.erase(account.id, by="owner:0", why="left the force")
    for path in (BOARD, place):
        page = words(analyst.get(path).text)
        assert "commander" not in page
        assert f"{account.id} (it-postal)" in page


def test_a_service_number_stands_in_the_case_as_it_is() -> None:
    assert spoken_of("it-postal/7", "p-0123456789ab") == "it-postal/7"
    for name in ("Mario Rossi", "it-postal/7 Rossi", "rossi", "it-postal/7\n"):
        assert spoken_of(name, "p-0123456789ab") == "p-0123456789ab"


def test_a_guest_agency_sees_its_own_steps_and_reports_on_no_other(day: Day) -> None:
    sofia = day.seated(SOFIA)
    page = sofia.get(BOARD).text
    assert page.count('<tr class="row') == 2
    assert "Take the edge in Plovdiv" in page
    for absent in (SECRET, TARGET, "mole", "Almere", "Image the secret disk", HAGUE):
        assert absent not in page
    assert "Withheld" in page
    analyst = day.room.as_(RoomRole.ANALYST)
    other = day.button(analyst, "rack-rome", "done")
    assert day.room.send(sofia, BOARD, mark=other).status_code == 404
    assert sofia.get(day.place(analyst, "rack-rome")).status_code == 404
    assert day.mark(sofia, "rack-sofia", "done").status_code == 303
    (report,) = day.records(StepReport)
    account = day.room.people.accounts.named(f"of-{SOFIA}")
    assert (report.step, report.by) == ("rack-sofia", f"{account.id} ({SOFIA})")


def test_a_guest_reports_on_a_step_whose_target_it_is_not_told(day: Day) -> None:
    sofia = day.seated(SOFIA)
    found = re.search(r"<bdi>(withheld-\d)</bdi>", sofia.get(BOARD).text)
    assert found
    assert day.mark(sofia, found[1], "ready").status_code == 303
    assert [one.step for one in day.records(StepReport)] == ["hidden-sofia"]


def test_what_happens_to_the_steps_of_others_changes_no_byte_of_a_guests_board(day: Day) -> None:
    sofia, commander = day.seated(SOFIA), day.room.as_(RoomRole.COMMANDER)
    place = day.place(sofia, "rack-sofia")
    before = [sofia.get(path).content for path in (BOARD, place)]
    day.joint.hide_more(1)
    for step in ("rack-rome", "rack-hague"):
        assert day.mark(commander, step, "done").status_code == 303
    assert [sofia.get(path).content for path in (BOARD, place)] == before
    day.mark(commander, "rack-sofia", "ready")
    assert sofia.get(BOARD).content != before[0]


async def test_a_guest_hears_of_its_own_steps_and_is_silent_about_all_others(day: Day) -> None:
    """Rome's steps, statements and exhibits make no event: not even an empty one."""
    sofia, commander = day.seated(SOFIA), day.room.as_(RoomRole.COMMANDER)
    page = sofia.get(BOARD).text
    position = re.search(r'data-position="(\d+)"', page)
    assert position
    cookie = f"{day.room.cookie}={day.room.token(sofia)}"
    path = f"/operations/{CASE}/board-events"
    async with listening(day.room.app, path, cookie=cookie, query=f"last={position[1]}") as heard:
        assert heard.status == 200
        await heard.until("retry:")
        await asyncio.to_thread(day.mark, commander, "rack-rome", "running")
        await asyncio.to_thread(day.joint.hide_more, 1)
        await asyncio.to_thread(day.mark, commander, "rack-rome", "done")
        await asyncio.to_thread(day.mark, commander, "rack-sofia", "running")
        await heard.until("rack-sofia")
        assert len(heard.events) == 1
        for absent in ("rack-rome", SECRET, "host:hague.example", "rack-hague"):
            assert absent not in heard.text


def test_a_guest_opens_no_stream_of_another_case(day: Day, make_season: Any) -> None:
    make_season(day.joint.folder / "more")
    (day.joint.folder / "more" / "cases" / "night-1").rename(day.joint.cases / "night-1")
    sofia = day.seated(SOFIA)
    for path in (
        "/cases/night-1/events",
        "/cases/night-1/orders/R-1/events",
        f"/cases/{CASE}/events",
        f"/cases/{CASE}/orders/R-1/events",
        "/operations/night-1/board-events",
    ):
        answer = sofia.get(path)
        assert answer.status_code == 404, path
        assert "There is no case of this name that you may see" in unescape(answer.text), path


def test_go_and_no_go_are_answered_once_by_who_approves(day: Day) -> None:
    commander = day.room.as_(RoomRole.COMMANDER)
    place = f"/operations/{CASE}/answer"
    for _ in range(2):
        assert day.room.send(commander, place, answer="yes 0 warrants").status_code == 303
    (answer,) = day.records(CriterionAnswer)
    account = day.room.people.accounts.named("commander")
    assert (answer.yes, answer.by) == (True, f"{account.id} (it-postal)")
    assert "commander (it-postal)" in words(commander.get(BOARD).text)
    assert day.room.send(commander, place, answer="no 0 warrants").status_code == 400
    for wrong in ("", "maybe 0 warrants", "yes x warrants", "yes 0 none"):
        assert day.room.send(commander, place, answer=wrong).status_code == 400
    for client in (day.room.as_(RoomRole.ANALYST), day.seated(SOFIA)):
        assert day.room.send(client, place, answer="no 1 warrants").status_code == 403
    assert "GO" in words(commander.get(BOARD).text)


@pytest.mark.parametrize(
    "mark", ["", "x", "0000000000000000 done 0", "a b c d", "{key} replaced 0", "{key} done 9"]
)
def test_what_no_page_of_the_room_sends_is_refused_with_a_sentence(day: Day, mark: str) -> None:
    commander = day.room.as_(RoomRole.COMMANDER)
    key = day.place(commander, "rack-rome").rpartition("/")[2]
    answer = day.room.send(commander, BOARD, mark=mark.format(key=key))
    assert answer.status_code in (400, 404)
    assert day.records(StepReport) == []


def test_a_closed_case_takes_no_report(day: Day) -> None:
    from cautery.workflows.case.close import close_case

    commander = day.room.as_(RoomRole.COMMANDER)
    value = day.button(commander, "rack-rome", "done")
    rome = day.joint.desk()
    close_case(rome.case, at=day.joint.at)
    answer = day.room.send(commander, BOARD, mark=value)
    assert answer.status_code == 400
    assert "closed" in words(answer.text)
    assert 'name="mark"' not in commander.get(BOARD).text


def test_the_room_of_one_person_shows_the_board_and_the_command(day: Day, room_at: Any) -> None:
    alone = room_at(day.joint.cases, day.joint.at)
    page = alone.text(BOARD)
    assert OWN.removeprefix("host:") not in page or "Plovdiv" in page
    assert 'name="mark"' not in page
    found = re.search(rf'href="({BOARD}/[0-9a-f]+)"', page)
    assert found
    assert "cautery operation report" in alone.text(found[1])


def test_what_is_made_once_for_all_who_watch_holds_nothing_of_one_of_them() -> None:
    from cautery.console import board_pages

    templates = Path(board_pages.__file__).parents[1] / "pages" / "room"
    for name in ("board_parts", "board_words"):
        shared = (templates / f"{name}.html.j2").read_text()
        assert "shell" not in shared
        assert "csrf" not in shared


@pytest.mark.parametrize(
    ("tongue", "state", "press"),
    [
        ("en", "OPEN", "Ready"),
        ("fr", "EN SUSPENS", "Prêt"),
        ("it", "IN SOSPESO", "Pronto"),
        ("es", "PENDIENTE", "Listo"),
    ],
)
def test_the_board_speaks_four_languages(day: Day, tongue: str, state: str, press: str) -> None:
    analyst = day.room.as_(RoomRole.ANALYST)
    page = analyst.get(BOARD, headers={"accept-language": tongue}).text
    assert f'<html lang="{tongue}"' in page
    assert state in words(page)
    assert press in words(page)
