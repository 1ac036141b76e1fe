"""Forms that act: who may, what is recorded, and what is refused with a sentence."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.console.acts import HOST, PEOPLE, Work
from tests.console.streams import listening
from tests.passkeys import (
    PRESENT,
    SYNCABLE,
    VERIFIED,
    Device,
    assertion,
    cose,
)

from cautery.adapters.case_folder import FolderStore
from cautery.model import Notice, Reason
from cautery.model.account import Passkey
from cautery.model.ledger import contents
from cautery.model.message import as_written
from cautery.model.records import (
    ApprovalGiven,
    ComplaintDecided,
    DataUsed,
    EntryWithdrawn,
    NoticeApproved,
    NoticeWithdrawn,
)
from cautery.model.room import RoomRole
from cautery.workflows.case.referral import filed_referral

AT = "http://localhost:8017"


@dataclass
class Acting:
    """A room whose commander and a second commander approve by passkeys, and a case."""

    room: Any
    work: Work
    devices: dict[str, Device]

    def browser(self, role: RoomRole = RoomRole.COMMANDER, agent: str = "Firefox") -> Any:
        return self.room.as_(role, at=AT, agent=agent)

    def deputy(self) -> Any:
        client = self.room.browser(at=AT)
        assert self.room.login(client, "deputy").status_code == 303
        return client

    def page(self, client: Any, act: str) -> str:
        answer = client.get(f"/cases/md34/orders/{act}")
        assert answer.status_code == 200, answer.text
        return str(answer.text)

    def sign(
        self,
        client: Any,
        act: str,
        name: str = PEOPLE[0],
        *,
        to: str = "",
        seen_by: Any = None,
        **how: Any,
    ) -> Any:
        """Sign as the page and its script do; ``how`` is what the device does otherwise.

        ``seen_by`` is a client whose page has the form, where the one that signs has none.
        """
        page = self.page(seen_by or client, act)
        fields = {key: _field(page, key) for key in ("digest", "seen")} if to == "" else {}
        if to:
            page = client.get(to).text
            fields = {key: _field(page, key) for key in ("digest", "seen")}
        where = re.search(r'data-ask="([^"]+)"', page)
        assert where, "no form to sign"
        asked = client.get(where[1].replace("&amp;", "&")).json()
        challenge = base64.urlsafe_b64decode(asked["challenge"] + "==")
        answer = assertion(self.devices[name], challenge, **how)
        fields |= {"answer": answer, "at": asked["at"]}
        return self.room.send(client, to or f"/cases/md34/orders/{act}/sign", **fields)

    def records(self, *kinds: type) -> list[Any]:
        ledger = FolderStore().ledger(self.work.path, read_only=True)
        try:
            return [content for _, content in contents(ledger, *kinds)]
        finally:
            ledger.close()

    def signers(self, act: str) -> list[str]:
        ledger = FolderStore().ledger(self.work.path, read_only=True)
        try:
            return [one.approver for one in filed_referral(ledger, act).approvals]
        finally:
            ledger.close()


def _field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


@pytest.fixture
def acting(tmp_path: Path, room_at: Any, request: pytest.FixtureRequest) -> Iterator[Acting]:
    people = request.getfixturevalue("people_room")
    with ExitStack() as stack:
        room = people.open_people_room(
            stack, room_at(tmp_path / "cases", datetime.now(UTC)).desk, tmp_path
        )
        deputy, _ = room.people.accounts.make(
            "deputy", [RoomRole.COMMANDER], None, by="owner:0", why="the test"
        )
        room.people.accounts.set_password(deputy.id, people.SECRET)
        accounts = (room.accounts[RoomRole.COMMANDER], deputy)
        devices = {}
        for seed, (name, account) in enumerate(zip(PEOPLE, accounts, strict=True), 1):
            devices[name] = Device.of(seed, account=account.id, origin=AT)
            room.people.people.add_passkey(
                Passkey(
                    id=devices[name].credential,
                    account=account.id,
                    key=cose(devices[name]),
                    count=0,
                    name="blue",
                    made_at=account.made_at,
                    approves_at=AT,
                ),
                era=room.people.people.by_id(account.id).era,
            )
        keys = {name: device.text for name, device in devices.items()}
        work = Work(tmp_path, datetime.now(UTC).replace(microsecond=0), keys=keys)
        work.proven(1)
        yield Acting(room, work, devices)


def test_two_people_approve_by_passkey_and_the_log_says_so(acting: Acting) -> None:
    drafted = acting.work.plain_referral()
    first, second = acting.browser(), acting.deputy()
    page = acting.page(first, drafted.id)
    assert f"signs this act as {PEOPLE[0]}" in page
    assert "The guard" in page  # its verdict is on the screen that acts
    assert "cautery referral approve" in page  # and so are the commands
    sent = acting.sign(first, drafted.id)
    assert sent.status_code == 303, re.findall(r'role="alert"[^>]*>([^<]*)<', sent.text)
    assert (sent.status_code, sent.headers["location"]) == (
        303,
        f"/cases/md34/orders/{drafted.id}?done=signed",
    )
    page = first.get(sent.headers["location"]).text
    assert "Your signature is recorded." in page
    assert "Sign with your passkey" not in page
    assert acting.sign(second, drafted.id, PEOPLE[1]).status_code == 303
    assert acting.signers(drafted.id) == list(PEOPLE)
    logged = [
        entry.content
        for entry in acting.room.people.ledger.read()
        if isinstance(entry.content, DataUsed) and entry.content.page.endswith("/sign")
    ]
    assert [(one.act.value, one.case) for one in logged] == [("alteration", "md34")] * 2
    assert len({one.by for one in logged}) == 2


REFUSED = {
    "synced": ({"flags": PRESENT | VERIFIED | SYNCABLE}, "synced"),
    "not-verified": ({"flags": PRESENT}, "did not verify"),
    "other-origin": ({"origin": "https://evil.example"}, "another site"),
    "other-digest": ({"challenge": "AAAA"}, "another text"),
}


@pytest.mark.parametrize(("how", "match"), REFUSED.values(), ids=REFUSED)
def test_what_a_passkey_did_not_sign_here_is_refused_in_a_sentence(
    acting: Acting, how: dict[str, Any], match: str
) -> None:
    drafted = acting.work.plain_referral()
    sent = acting.sign(acting.browser(), drafted.id, **how)
    assert sent.status_code >= 400
    assert match in sent.text
    assert acting.records(ApprovalGiven) == []


def test_an_answer_for_another_act_or_a_second_time_is_refused(acting: Acting) -> None:
    drafted, notice = acting.work.plain_referral(), acting.work.notice()
    client = acting.browser()
    page = acting.page(client, drafted.id)
    asked = client.get(f"/cases/md34/orders/{drafted.id}/passkey?digest={_field(page, 'digest')}")
    challenge = base64.urlsafe_b64decode(asked.json()["challenge"] + "==")
    kept = {"answer": assertion(acting.devices[PEOPLE[0]], challenge), "at": asked.json()["at"]}
    other = acting.page(client, notice)
    fields = {key: _field(other, key) for key in ("digest", "seen")}
    replayed = acting.room.send(client, f"/cases/md34/orders/{notice}/sign", **fields, **kept)
    assert "signed another text" in replayed.text
    fields = {key: _field(page, key) for key in ("digest", "seen")}
    answers = [
        acting.room.send(client, f"/cases/md34/orders/{drafted.id}/sign", **fields, **kept)
        for _ in range(2)
    ]
    assert next(one.status_code for one in answers) == 303
    assert "has already signed" in answers[1].text
    assert len(acting.records(ApprovalGiven, NoticeApproved)) == 1


def test_an_answer_that_came_too_late_is_refused_in_a_sentence(acting: Acting) -> None:
    drafted = acting.work.plain_referral()
    client = acting.browser()
    page = acting.page(client, drafted.id)
    asked = client.get(f"/cases/md34/orders/{drafted.id}/passkey?digest={_field(page, 'digest')}")
    challenge = base64.urlsafe_b64decode(asked.json()["challenge"] + "==")
    sent = acting.room.send(
        client,
        f"/cases/md34/orders/{drafted.id}/sign",
        answer=assertion(acting.devices[PEOPLE[0]], challenge),
        at="2020-01-01T00:00:00+00:00",
        digest=_field(page, "digest"),
        seen=_field(page, "seen"),
    )
    assert "took too long" in sent.text
    assert acting.records(ApprovalGiven) == []


@pytest.mark.parametrize("role", [role for role in RoomRole if role is not RoomRole.COMMANDER])
def test_a_role_without_the_right_signs_nothing_and_sees_no_form(
    acting: Acting, role: RoomRole
) -> None:
    drafted = acting.work.plain_referral()
    client = acting.browser(role)
    seen = client.get(f"/cases/md34/orders/{drafted.id}")
    assert "Sign with your passkey" not in seen.text
    sent = acting.room.send(client, f"/cases/md34/orders/{drafted.id}/sign", answer="x")
    assert sent.status_code == 403
    asked = client.get(f"/cases/md34/orders/{drafted.id}/passkey?digest=x")
    assert asked.status_code == 403
    assert acting.records(ApprovalGiven) == []


def test_a_form_of_another_site_signs_nothing(acting: Acting) -> None:
    drafted = acting.work.plain_referral()
    client = acting.browser()
    path = f"/cases/md34/orders/{drafted.id}/sign"
    form = {"content-type": "application/x-www-form-urlencoded"}
    strange = client.post(
        path, data={"csrf": "x"}, headers=form | {"origin": "https://evil.example"}
    )
    assert strange.status_code == 403
    assert client.post(path, data={"csrf": "x"}, headers=form | {"origin": AT}).status_code == 400


def test_of_two_who_withdraw_a_notice_one_is_told_and_keeps_the_text(acting: Acting) -> None:
    notice = acting.work.notice()
    first, second = acting.browser(RoomRole.ANALYST), acting.browser(RoomRole.LEGAL)
    seen = _field(acting.page(first, notice), "seen")
    path = f"/cases/md34/orders/{notice}/withdraw"
    assert acting.room.send(first, path, seen=seen, why="licensed").status_code == 303
    told = acting.room.send(second, path, seen=seen, why="my own long reason")
    assert told.status_code >= 400
    assert "is withdrawn" in told.text
    assert [one.by for one in acting.records(NoticeWithdrawn)] == ["analyst"]


def test_who_decides_on_an_old_look_is_told_what_came_by_whom_and_keeps_the_text(
    acting: Acting,
) -> None:
    drafted = acting.work.plain_referral()
    number = acting.work.complaint(referrals=(drafted.id,))
    first, second = acting.browser(RoomRole.ANALYST), acting.browser(RoomRole.LEGAL)
    path = f"/cases/md34/orders/{number}/decide"
    seen = _field(acting.page(second, number), "seen")
    sent = acting.room.send(first, path, seen=seen, what="reject", why="not theirs")
    assert sent.status_code == 303
    told = acting.room.send(second, path, seen=seen, what="grant", why="my own long reason")
    assert "has gone on since you saw it" in told.text
    assert "by analyst" in told.text
    assert "my own long reason</textarea>" in told.text
    assert len(acting.records(ComplaintDecided)) == 1
    again = _field(told.text, "seen")  # now it was seen: the same text goes
    assert (
        acting.room.send(
            second, path, seen=again, what="grant", why="my own long reason"
        ).status_code
        == 303
    )
    assert [(one.by, one.granted) for one in acting.records(ComplaintDecided)] == [
        ("analyst", False),
        ("legal", True),
    ]


def test_a_draft_is_completed_with_another_one(acting: Acting) -> None:
    notice = acting.work.notice(contact=None)
    client = acting.browser(RoomRole.ANALYST)
    sent = acting.room.send(
        client,
        f"/cases/md34/orders/{notice}/complete",
        seen=_field(acting.page(client, notice), "seen"),
        contact="abuse@hoster.example",
        reply_to="piracy@league.example",
    )
    assert sent.status_code == 303, sent.text
    assert sent.headers["location"] != f"/cases/md34/orders/{notice}"
    assert "abuse@hoster.example" in client.get(sent.headers["location"]).text


def test_a_notice_is_approved_by_passkey_and_not_by_who_drafted_it(acting: Acting) -> None:
    own = acting.work.notice(name=PEOPLE[0])
    client, deputy = acting.browser(), acting.deputy()
    assert "Sign with your passkey" not in acting.page(client, own)
    assert acting.sign(deputy, own, PEOPLE[1]).status_code == 303
    assert [one.approver for one in acting.records(NoticeApproved)] == [PEOPLE[1]]


def test_who_completes_a_notice_in_the_room_does_not_approve_it_by_passkey(acting: Acting) -> None:
    account = acting.room.accounts[RoomRole.COMMANDER]
    acting.room.people.accounts.give(
        account.id, [RoomRole.LEGAL, RoomRole.COMMANDER], None, by="owner:0", why="two roles"
    )
    notice, client = acting.work.notice(contact=None), acting.browser()
    sent = acting.room.send(
        client,
        f"/cases/md34/orders/{notice}/complete",
        seen=_field(acting.page(client, notice), "seen"),
        contact="abuse@hoster.example",
        reply_to="piracy@league.example",
    )
    completed = sent.headers["location"].rsplit("/", 1)[1]
    assert [one.drafted_by for one in acting.records(Notice)][-1] == PEOPLE[0]
    assert "Sign with your passkey" not in acting.page(client, completed)
    refused = acting.sign(client, completed, seen_by=acting.deputy())
    assert refused.status_code == 403
    assert "so somebody else must approve it" in refused.text
    assert not acting.records(NoticeApproved)
    assert acting.sign(acting.deputy(), completed, PEOPLE[1]).status_code == 303


def withdrawn(acting: Acting, referral: str) -> None:
    acting.work.write(
        EntryWithdrawn(
            at=acting.work.at,
            referral=referral,
            target=HOST,
            reasons=(Reason(code="x", text=as_written("it is shared now")),),
            published=(),
        )
    )


def test_who_signs_what_was_withdrawn_from_meanwhile_is_told(acting: Acting) -> None:
    drafted = acting.work.plain_referral()
    client = acting.browser()
    page = acting.page(client, drafted.id)
    asked = client.get(f"/cases/md34/orders/{drafted.id}/passkey?digest={_field(page, 'digest')}")
    challenge = base64.urlsafe_b64decode(asked.json()["challenge"] + "==")
    withdrawn(acting, drafted.id)
    sent = acting.room.send(
        client,
        f"/cases/md34/orders/{drafted.id}/sign",
        answer=assertion(acting.devices[PEOPLE[0]], challenge),
        at=asked.json()["at"],
        digest=_field(page, "digest"),
        seen=_field(page, "seen"),
    )
    assert "has gone on since you saw it" in sent.text
    assert acting.records(ApprovalGiven) == []


def link_in(page: str) -> str:
    found = re.search(r'id="second">([^<]+)<', page)
    assert found
    return found[1].removeprefix(AT)


def test_what_two_people_overrode_is_signed_on_a_second_device_alone(acting: Acting) -> None:
    drafted = acting.work.referral()
    first = acting.browser()
    page = acting.page(first, drafted.id)
    assert "Sign with your passkey" not in page
    fields = {"digest": "sha256:" + "0" * 64, "seen": "1", "at": "", "answer": "{}"}
    direct = acting.room.send(first, f"/cases/md34/orders/{drafted.id}/sign", **fields)
    assert "signed on a second device alone" in direct.text
    link = link_in(acting.room.send(first, f"/cases/md34/orders/{drafted.id}/second").text)
    assert "This is the first device" in first.get(link).text
    assert "for another account" in acting.deputy().get(link).text
    assert first.get(link[:-2] + "AA").status_code == 400
    telephone = acting.browser(agent="Telephone")
    words = re.search(r'<strong lang="en">([^<]+)<', page)
    assert words
    shown = telephone.get(link).text
    assert words[1] in shown
    assert "cautery referral approve" not in shown
    sent = acting.sign(telephone, drafted.id, to=link)
    assert sent.status_code == 303, sent.text
    assert acting.signers(drafted.id) == [PEOPLE[0]]
    assert PEOPLE[0] in acting.page(first, drafted.id)  # it fell in on the first device
    looked = [
        (one.act.value, one.case)
        for entry in acting.room.people.ledger.read()
        if isinstance(one := entry.content, DataUsed) and one.page.endswith("/second/{token}")
    ]
    assert looked[-2:] == [("consultation", "md34"), ("alteration", "md34")]
    again = acting.room.send(telephone, link, **fields)
    assert "was used already" in again.text


def test_an_answer_that_is_refused_uses_no_link_up(acting: Acting) -> None:
    drafted = acting.work.referral()
    first, telephone = acting.browser(), acting.browser(agent="Telephone")
    link = link_in(acting.room.send(first, f"/cases/md34/orders/{drafted.id}/second").text)
    wrong = acting.sign(telephone, drafted.id, to=link, origin="https://evil.example")
    assert (wrong.status_code, "another site" in wrong.text) == (403, True)
    assert acting.signers(drafted.id) == []
    assert acting.sign(telephone, drafted.id, to=link).status_code == 303
    assert acting.signers(drafted.id) == [PEOPLE[0]]
    fields = {"digest": "sha256:" + "0" * 64, "seen": "1", "at": "", "answer": "{}"}
    assert "was used already" in acting.room.send(telephone, link, **fields).text


async def test_the_first_device_hears_that_the_second_one_has_signed(acting: Acting) -> None:
    drafted = acting.work.referral()
    first, telephone = acting.browser(), acting.browser(agent="Telephone")
    place = f"/cases/md34/orders/{drafted.id}"
    page = acting.room.send(first, f"{place}/second").text
    position = re.search(rf'data-stream="({place}/events)" data-position="(\d+)"', page)
    assert position
    assert 'id="live-sign" data-live' in page
    cookie = f"{acting.room.cookie}={acting.room.token(first)}"
    async with listening(
        acting.room.app, position[1], cookie=cookie, query=f"last={position[2]}", host=AT[7:]
    ) as heard:
        await heard.until("retry:")
        sent = await asyncio.to_thread(acting.sign, telephone, drafted.id, to=link_in(page))
        assert sent.status_code == 303, sent.text
        await heard.until("Nothing waits for your signature here any more.")
        assert len(heard.events) == 1
        assert f"<bdi>{PEOPLE[0]}</bdi>" in heard.text
        assert "<form" not in heard.text


def test_an_act_of_a_closed_case_has_no_stream(acting: Acting) -> None:
    drafted = acting.work.referral()
    acting.work.closed()
    assert "data-stream" not in acting.page(acting.browser(), drafted.id)


def test_an_act_that_is_not_there_has_no_stream(acting: Acting) -> None:
    acting.work.referral()
    client = acting.browser()
    assert client.get("/cases/md34/orders/R-none/events").status_code == 404
    assert acting.room.browser(at=AT).get("/cases/md34/orders/R-1/events").status_code == 401


@pytest.mark.parametrize("spelled", ["{body}!.{seal}", "{body}.{seal}=", "{body}.{seal}A"])
def test_a_link_that_was_used_is_not_good_in_another_spelling(acting: Acting, spelled: str) -> None:
    drafted = acting.work.referral()
    first, telephone = acting.browser(), acting.browser(agent="Telephone")
    link = link_in(acting.room.send(first, f"/cases/md34/orders/{drafted.id}/second").text)
    place, token = link.rsplit("/", 1)
    assert telephone.get(link).status_code == 200
    body, seal = token.split(".")
    other = telephone.get(f"{place}/{spelled.format(body=body, seal=seal)}")
    assert "This link is none of this room." in other.text


def test_a_browser_that_logs_in_again_is_no_second_device(acting: Acting) -> None:
    drafted = acting.work.referral()
    client = acting.browser()
    link = link_in(acting.room.send(client, f"/cases/md34/orders/{drafted.id}/second").text)
    assert acting.room.login(client, "commander").status_code == 303
    assert "The login in which this link was made has ended." in client.get(link).text
    assert acting.signers(drafted.id) == []


def test_what_needs_a_second_device_is_asked_there_alone_and_by_its_own_address(
    acting: Acting,
) -> None:
    needs_it, plain = acting.work.referral(), acting.work.plain_referral()
    client = acting.browser()
    digest = _field(acting.page(acting.browser(), plain.id), "digest")
    other = re.search(r"sha256:[0-9a-f]{64}", acting.page(client, needs_it.id))
    assert other
    for act, asked, status in (
        (plain.id, digest, 200),
        (plain.id, other[0], 409),
        (needs_it.id, other[0], 403),
    ):
        answer = client.get(f"/cases/md34/orders/{act}/passkey?digest={asked}")
        assert answer.status_code == status, answer.text


def test_a_passkey_that_was_taken_away_approves_nothing(acting: Acting) -> None:
    drafted = acting.work.plain_referral()
    client, device = acting.browser(), acting.devices[PEOPLE[0]]
    page = acting.page(client, drafted.id)
    where = re.search(r'data-ask="([^"]+)"', page)
    assert where
    asked = client.get(where[1].replace("&amp;", "&")).json()
    acting.room.people.passkeys.drop(acting.room.accounts[RoomRole.COMMANDER], device.credential)
    answer = assertion(device, base64.urlsafe_b64decode(asked["challenge"] + "=="))
    fields = {key: _field(page, key) for key in ("digest", "seen")}
    sent = acting.room.send(
        client, f"/cases/md34/orders/{drafted.id}/sign", **fields, answer=answer, at=asked["at"]
    )
    assert sent.status_code == 403
    assert "was taken away from your account" in sent.text
    assert client.get(where[1].replace("&amp;", "&")).status_code == 403
    assert acting.signers(drafted.id) == []


def test_a_passkey_whose_counter_goes_back_approves_nothing(acting: Acting) -> None:
    drafted = acting.work.plain_referral()
    acting.room.people.people.count_passkey(acting.devices[PEOPLE[0]].credential, 7)
    refused = acting.sign(acting.browser(), drafted.id, counter=7)
    assert "it may have been copied" in refused.text
    assert acting.sign(acting.browser(), drafted.id, counter=8).status_code == 303
    kept = acting.room.people.people.passkey(acting.devices[PEOPLE[0]].credential)
    assert kept.count == 8


@pytest.mark.parametrize("ends", ["copied", "taken away"])
def test_a_passkey_whose_copy_signs_at_the_same_moment_approves_once(
    acting: Acting, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    drafted, people = acting.work.plain_referral(), acting.room.people.people
    device = acting.devices[PEOPLE[0]]
    look = people.passkey

    def looked_at(id: bytes) -> Passkey | None:
        found: Passkey | None = look(id)
        if ends == "copied":
            people.count_passkey(id, 9)
        else:
            people.drop_passkey(acting.room.accounts[RoomRole.COMMANDER].id, id)
        return found

    client = acting.browser()
    page = acting.page(client, drafted.id)
    digest = _field(page, "digest")
    asked = client.get(f"/cases/md34/orders/{drafted.id}/passkey?digest={digest}").json()
    challenge = base64.urlsafe_b64decode(asked["challenge"] + "==")
    monkeypatch.setattr(people, "passkey", looked_at)
    sent = acting.room.send(
        client, f"/cases/md34/orders/{drafted.id}/sign", digest=digest, seen=_field(page, "seen"),
        answer=assertion(device, challenge, counter=9), at=asked["at"],
    )  # fmt: skip
    assert sent.status_code == 403
    said = {"copied": "it may have been copied", "taken away": "was taken away from your account"}
    assert said[ends] in sent.text
    assert acting.signers(drafted.id) == []


@pytest.mark.parametrize("at", ["2026-11-29T00:00:00", "9999-12-31T23:59:59+00:00", "x"])
def test_a_time_that_is_none_is_a_sentence(acting: Acting, at: str) -> None:
    drafted = acting.work.plain_referral()
    client = acting.browser()
    page = acting.page(client, drafted.id)
    fields = {key: _field(page, key) for key in ("digest", "seen")}
    answer = assertion(acting.devices[PEOPLE[0]], b"x" * 32)
    place = f"/cases/md34/orders/{drafted.id}/sign"
    assert acting.room.send(client, place, **fields, answer=answer, at=at).status_code in {400, 403}


def test_the_link_for_a_second_device_ends(acting: Acting) -> None:
    drafted = acting.work.referral()
    first, telephone = acting.browser(), acting.browser(agent="Telephone")
    link = link_in(acting.room.send(first, f"/cases/md34/orders/{drafted.id}/second").text)
    acting.room.clock.goes(minutes=11)
    assert "this link has ended" in telephone.get(link).text


def test_a_room_for_one_person_has_no_forms(acting: Acting, room_at: Any) -> None:
    drafted = acting.work.plain_referral()
    page = room_at(acting.work.cases, acting.work.at).text(f"/cases/md34/orders/{drafted.id}")
    assert "<textarea" not in page
    assert "Sign with your passkey" not in page
    assert "cautery referral approve" in page
