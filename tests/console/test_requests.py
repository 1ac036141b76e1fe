"""What commands ask passkeys for: shown on one device, signed on a second one, by whom it names."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.console.acts import PEOPLE
from tests.console.test_acting import AT, Acting, _field, acting, link_in  # noqa: F401 - a fixture
from tests.passkeys import PRESENT, SYNCABLE, VERIFIED, Device, assertion

from cautery.act.four_words import four_words
from cautery.adapters.requests_folder import MOST, RequestsFolder
from cautery.errors import ApprovalError, EvidenceError, InputError
from cautery.evidence.restoring import restore_text
from cautery.model import digest_of
from cautery.model.records import DataUsed
from cautery.model.room import RoomRole
from cautery.model.signing_request import RequestKind, SigningRequest
from cautery.workflows.people.requests import Written, require_answers
from cautery.workflows.people.requests import laid as lay

TEXT = restore_text(
    "0" * 16, last=(9, bytes(32)), to=(5, bytes(32)), at="2026-11-30T00:00:00Z", why="<b>disk</b>"
)


def store_of(acting: Acting) -> RequestsFolder:  # noqa: F811
    return RequestsFolder(acting.room.people.folder)


def asked(
    acting: Acting,  # noqa: F811
    *,
    text: str = TEXT,
    kind: RequestKind = RequestKind.RESTORATION,
    passkey: str = "",
) -> Sequence[SigningRequest]:
    requests = lay(
        store_of(acting),
        kind=kind,
        about=digest_of(text.encode()),
        passkeys={PEOPLE[0]: passkey or acting.devices[PEOPLE[0]].text},
        write=lambda: Written(text),
        now=acting.room.clock.now(),
    )
    require_answers(requests)
    return requests


def laid(acting: Acting, **how: Any) -> SigningRequest:  # noqa: F811
    with pytest.raises(ApprovalError, match="it waits for the passkey of"):
        asked(acting, **how)
    return store_of(acting).all()[-1]


def link_of(acting: Acting, client: Any, request: SigningRequest) -> str:  # noqa: F811
    return link_in(acting.room.send(client, f"/requests/{request.id}/second").text)


def sign(acting: Acting, client: Any, link: str, device: Device, **how: Any) -> Any:  # noqa: F811
    """Sign as the page and its script do."""
    page = client.get(link).text
    where = re.search(r'data-ask="([^"]+)"', page)
    assert where, page
    challenge = base64.urlsafe_b64decode(client.get(where[1]).json()["challenge"] + "==")
    answer = assertion(device, challenge, **how)
    return acting.room.send(client, link, digest=_field(page, "digest"), answer=answer)


def telephone(acting: Acting) -> Any:  # noqa: F811
    return acting.browser(agent="Telephone")


def test_a_command_finds_what_was_signed_on_the_second_device(acting: Acting) -> None:  # noqa: F811
    request, first = laid(acting), acting.browser()
    assert f'href="/requests/{request.id}"' in first.get("/requests").text
    page = first.get(f"/requests/{request.id}").text
    for words in (
        four_words(request.digest),
        request.digest,
        "&lt;b&gt;disk&lt;/b&gt;",
        "from 9 00",
    ):
        assert words in page
    assert "Sign with your passkey" not in page
    link = link_of(acting, first, request)
    assert "This is the first device" in first.get(link).text
    sent = sign(acting, telephone(acting), link, acting.devices[PEOPLE[0]], counter=3)
    assert (sent.status_code, sent.headers["location"]) == (303, f"/requests/{request.id}")
    assert f"{PEOPLE[0]} has signed." in first.get(sent.headers["location"]).text
    [answer] = asked(acting)
    assert answer.text == TEXT
    kept = acting.room.people.people.passkey(acting.devices[PEOPLE[0]].credential)
    assert kept.count == 3
    logged = [
        (one.act.value, one.page)
        for entry in acting.room.people.ledger.read()
        if isinstance(one := entry.content, DataUsed) and one.page.startswith("/requests/second")
    ]
    assert logged[-1] == ("alteration", "/requests/second/{token}")


REFUSED = {
    "synced": ({"flags": PRESENT | VERIFIED | SYNCABLE}, "synced"),
    "not-verified": ({"flags": PRESENT}, "did not verify"),
    "other-origin": ({"origin": "https://evil.example"}, "another site"),
    "other-text": ({"challenge": "AAAA"}, "another text"),
}


@pytest.mark.parametrize(("how", "match"), REFUSED.values(), ids=REFUSED)
def test_what_a_passkey_did_not_sign_here_is_refused_in_a_sentence(
    acting: Acting,  # noqa: F811
    how: dict[str, Any],
    match: str,
) -> None:
    request = laid(acting)
    link = link_of(acting, acting.browser(), request)
    sent = sign(acting, telephone(acting), link, acting.devices[PEOPLE[0]], **how)
    assert sent.status_code == 403
    assert match in sent.text
    assert not store_of(acting).all()[0].answer
    # The link has signed nothing: it is good for the right answer, and then used up.
    device = acting.devices[PEOPLE[0]]
    client = acting.browser(agent="Tablet")
    assert sign(acting, client, link, device).status_code == 303
    again = acting.room.send(client, link, digest=request.digest, answer="{}")
    assert "was used already" in again.text


def test_another_account_sees_and_signs_nothing_of_it(acting: Acting) -> None:  # noqa: F811
    request = laid(acting)
    link = link_of(acting, acting.browser(), request)
    deputy = acting.deputy()
    assert request.id not in deputy.get("/requests").text
    for answer in (
        deputy.get(f"/requests/{request.id}"),
        acting.room.send(deputy, f"/requests/{request.id}/second"),
    ):
        assert answer.status_code == 404
        assert "0000000" not in answer.text
    assert "for another account" in deputy.get(link).text
    with pytest.raises(AssertionError):
        sign(acting, deputy, link, acting.devices[PEOPLE[1]])
    other = sign(acting, telephone(acting), link, acting.devices[PEOPLE[1]])
    assert "not of this passkey" in other.text
    assert not store_of(acting).all()[0].answer


@pytest.mark.parametrize("role", [role for role in RoomRole if role is not RoomRole.COMMANDER])
def test_a_role_that_does_not_approve_has_no_such_page(acting: Acting, role: RoomRole) -> None:  # noqa: F811
    request, client = laid(acting), acting.browser(role)
    for path in ("/requests", f"/requests/{request.id}", "/requests/second/x"):
        assert client.get(path).status_code == 403
    assert 'href="/requests"' not in client.get("/account").text


def test_a_passkey_of_another_room_is_not_asked_here(acting: Acting) -> None:  # noqa: F811
    device = replace(acting.devices[PEOPLE[0]], origin="https://other.example")
    request = laid(acting, passkey=device.text)
    assert acting.browser().get(f"/requests/{request.id}").status_code == 404


def test_a_passkey_that_was_taken_away_signs_nothing(acting: Acting) -> None:  # noqa: F811
    request = laid(acting)
    link, client = link_of(acting, acting.browser(), request), telephone(acting)
    page = client.get(link).text
    device = acting.devices[PEOPLE[0]]
    acting.room.people.passkeys.drop(acting.room.accounts[RoomRole.COMMANDER], device.credential)
    ask = client.get(f"{link}/passkey?digest={request.digest}")
    assert (ask.status_code, "was taken away" in ask.text) == (403, True)
    answer = assertion(device, bytes.fromhex(request.digest[7:]))
    sent = acting.room.send(client, link, digest=_field(page, "digest"), answer=answer)
    assert "was taken away from your account" in sent.text
    assert not store_of(acting).all()[0].answer


def test_a_passkey_whose_counter_goes_back_signs_nothing(acting: Acting) -> None:  # noqa: F811
    acting.room.people.people.count_passkey(acting.devices[PEOPLE[0]].credential, 7)
    link = link_of(acting, acting.browser(), laid(acting))
    sent = sign(acting, telephone(acting), link, acting.devices[PEOPLE[0]], counter=7)
    assert "it may have been copied" in sent.text
    assert not store_of(acting).all()[0].answer


def test_a_text_that_was_swapped_between_look_and_signature_is_not_signed(acting: Acting) -> None:  # noqa: F811
    request = laid(acting)
    link, client = link_of(acting, acting.browser(), request), telephone(acting)
    page = client.get(link).text
    store_of(acting).drop(request.id)
    store_of(acting).add(replace(request, text=TEXT.replace("disk", "other")))
    ask = client.get(f"{link}/passkey?digest={request.digest}")
    assert (ask.status_code, "not the text as it is now" in ask.text) == (409, True)
    answer = assertion(acting.devices[PEOPLE[0]], bytes.fromhex(request.digest[7:]))
    sent = acting.room.send(client, link, digest=_field(page, "digest"), answer=answer)
    assert (sent.status_code, "not the text as it is now" in sent.text) == (409, True)
    assert not store_of(acting).all()[0].answer


def test_a_text_of_another_kind_is_neither_shown_nor_signed(acting: Acting) -> None:  # noqa: F811
    """An approval's text under the name of a restoration: what is signed must be what is shown."""
    request = laid(acting, text='{"type":"cautery/approval/2"}')
    client = acting.browser()
    assert "it is not shown" in client.get(f"/requests/{request.id}").text
    token = acting.room.send(client, f"/requests/{request.id}/second")
    assert "it is not shown" in token.text


def test_what_waited_for_a_day_is_over_and_its_link_after_ten_minutes(acting: Acting) -> None:  # noqa: F811
    request, first = laid(acting), acting.browser()
    link = link_of(acting, first, request)
    client = telephone(acting)
    acting.room.clock.goes(minutes=11)
    assert "this link has ended" in client.get(link).text
    acting.room.clock.goes(hours=11)
    acting.room.clock.goes(hours=13)
    first = acting.browser()
    assert first.get(f"/requests/{request.id}").status_code == 404
    assert request.id not in first.get("/requests").text
    acting.room.people.settle()
    assert not store_of(acting).all()


def test_a_link_signs_once_and_one_for_an_act_signs_no_request(acting: Acting) -> None:  # noqa: F811
    request, first = laid(acting), acting.browser()
    link, client = link_of(acting, first, request), telephone(acting)
    device = acting.devices[PEOPLE[0]]
    assert sign(acting, client, link, device).status_code == 303
    again = acting.room.send(client, link, digest=request.digest, answer="{}")
    assert "was used already" in again.text
    drafted = acting.work.referral()
    of_act = link_in(acting.room.send(first, f"/cases/md34/orders/{drafted.id}/second").text)
    token = of_act.rsplit("/", 1)[1]
    assert client.get(f"/requests/second/{token}").status_code == 400
    assert client.get(f"/cases/md34/second/{link.rsplit('/', 1)[1]}").status_code == 400


def test_a_folder_of_requests_is_bounded_and_its_files_are_checked(acting: Acting) -> None:  # noqa: F811
    request, store = laid(acting), store_of(acting)
    path = acting.room.people.folder / "requests" / f"{request.id}.json"
    assert path.stat().st_mode & 0o077 == 0
    for raw in (
        b"{",
        b"[]",
        b"{}",
        path.read_bytes().replace(request.id.encode(), b"S-" + b"0" * 16),
    ):
        path.write_bytes(raw)
        with pytest.raises(EvidenceError):
            store.all()
    store.lapse(acting.room.clock.now())
    assert not list(path.parent.iterdir())
    assert store.get("../people") is None
    for number in range(MOST):
        (path.parent / f"S-{number:016x}.json").touch()
    with pytest.raises(InputError, match=f"{MOST} requests wait already"):
        store.add(request)
