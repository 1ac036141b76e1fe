"""The login by an identity provider: a good one, and every wrong answer that one may bring."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.identity import SUBJECT, settings, world_of

from cautery.adapters.passwords import Argon2Passwords
from cautery.errors import ApprovalError, InputError
from cautery.model.records import AccountChanged, DoorUsed
from cautery.model.room import RoomRole
from cautery.wiring.identity import identity_of
from cautery.wiring.people import owner
from cautery.workflows.people.accounts import WORD_LASTS
from cautery.workflows.people.sessions import digest_of_token


@pytest.fixture
def world(peopled: Any, tmp_path: Path) -> Iterator[Any]:
    made = world_of(peopled, tmp_path)
    bind(made, RoomRole.ANALYST)
    yield made
    made.provider.close()


@pytest.fixture
def world_with(peopled: Any, tmp_path: Path) -> Iterator[Any]:
    made = []

    def of(more: str = "", **how: Any) -> Any:
        made.append(world_of(peopled, tmp_path, more, **how))
        return made[-1]

    yield of
    for one in made:
        one.provider.close()


def bind(world: Any, role: RoomRole, subject: str = SUBJECT) -> Any:
    account = world.room.accounts[role]
    issuer = world.provider.issuer
    world.room.people.identities.bind(account.id, issuer, subject, by=owner(), why="the test")
    return account


def contents(world: Any, kind: type) -> list[Any]:
    entries = world.room.people.ledger.read()
    return [entry.content for entry in entries if isinstance(entry.content, kind)]


def test_who_is_bound_comes_in_and_sees_what_the_account_sees(world: Any) -> None:
    client = world.room.browser()
    answer = world.login(client, to="/cases/night-1")
    assert answer.status_code == 200
    assert world.place(answer) == "/cases/night-1"
    assert client.get("/cases/night-1").status_code == 200
    account = world.room.accounts[RoomRole.ANALYST].id
    assert contents(world, DoorUsed)[-1] == DoorUsed(account=account, what="in", by="identity")


def test_the_room_asks_with_pkce_and_with_its_secret_in_the_head_alone(world: Any) -> None:
    client = world.room.browser()
    place = world.place(world.begin(client))
    assert "code_challenge_method=S256" in place
    assert "tenant=a" in place
    assert "scope=openid" in place
    world.back(client, world.provider.code(place))
    sent = world.provider.sent
    assert sent["authorization"].startswith("Basic ")
    assert "client_secret" not in sent
    assert sent["code_verifier"] not in place
    assert sent["redirect_uri"] == "http://127.0.0.1:8017/login/identity/back"


def test_the_cookies_of_a_login_are_for_this_site_and_the_one_on_the_way_for_minutes(
    world: Any,
) -> None:
    client = world.room.browser()
    answer = world.begin(client)
    [cookie] = answer.headers.get_list("set-cookie")
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Max-Age=600"))
    back = world.back(client, world.provider.code(world.place(answer)))
    session = next(
        text for text in back.headers.get_list("set-cookie") if world.room.cookie in text
    )
    assert "SameSite=strict" in session


def test_an_answer_is_taken_once(world: Any) -> None:
    client = world.room.browser()
    begun = world.begin(client)
    cookies = dict(client.cookies)
    given = world.provider.code(world.place(begun))
    assert world.back(client, given).status_code == 200
    tokens = world.provider.asked.count("/token")
    thief = world.room.browser()
    for name, value in cookies.items():
        thief.cookies.set(name, value)
    again = world.back(thief, given)
    assert again.status_code == 400
    assert "used already" in again.text
    assert world.provider.asked.count("/token") == tokens
    assert thief.get("/").status_code == 401


def test_an_answer_fits_the_browser_that_asked_alone(world: Any) -> None:
    """Login CSRF: somebody's code in another one's browser."""
    client, victim = world.room.browser(), world.room.browser()
    given = world.provider.code(world.place(world.begin(client)))
    assert world.back(victim, given).status_code == 400
    world.begin(victim)
    assert world.back(victim, given).status_code == 400
    assert "/token" not in world.provider.asked
    assert world.back(client, given).status_code == 200


@pytest.mark.parametrize("cookie", ["", "x", "x.y", "." * 5_000, "é", "e30.e30"])
def test_a_cookie_that_was_made_up_is_refused(world: Any, cookie: str) -> None:
    client = world.room.browser()
    given = world.provider.code(world.place(world.begin(client)))
    name = next(name for name in client.cookies if "identity" in name)
    client.cookies.clear()
    header = {"cookie": f"{name}={cookie}".encode()}
    assert client.get("/login/identity/back", params=given, headers=header).status_code == 400


def test_an_answer_that_comes_late_is_refused(world: Any) -> None:
    client = world.room.browser()
    given = world.provider.code(world.place(world.begin(client)))
    world.room.clock.goes(minutes=11)
    answer = world.back(client, given)
    assert (answer.status_code, "too long" in answer.text) == (400, True)


def test_a_code_of_another_provider_is_shown_to_nobody(world: Any) -> None:
    """Mix-up (RFC 9207): the answer says who gave it."""
    client = world.room.browser()
    given = world.provider.code(world.place(world.begin(client)))
    assert world.back(client, given | {"iss": "https://evil.example"}).status_code == 403
    assert "/token" not in world.provider.asked
    assert world.back(client, given | {"iss": world.provider.issuer}).status_code == 400  # used up
    again = world.provider.code(world.place(world.begin(client)))
    assert world.back(client, again | {"iss": world.provider.issuer}).status_code == 200


def test_who_says_that_codes_name_their_issuer_sends_none_without(world: Any) -> None:
    world.provider.document = {"authorization_response_iss_parameter_supported": True}
    assert world.login(world.room.browser()).status_code == 403
    assert "/token" not in world.provider.asked


@pytest.mark.parametrize("name", ["code", "state", "iss", "error"])
def test_a_part_of_the_answer_that_stands_there_twice_is_refused(world: Any, name: str) -> None:
    client = world.room.browser()
    given = world.provider.code(world.place(world.begin(client)))
    query = [*given.items(), (name, "a"), (name, "b")]
    assert client.get("/login/identity/back", params=query).status_code == 400


def test_a_login_that_was_called_off_says_so_and_quotes_nothing(world: Any) -> None:
    client = world.room.browser()
    given = world.provider.code(world.place(world.begin(client)))
    said = {"error": "access_denied", "error_description": "<b>come to evil.example</b>"}
    answer = world.back(client, {"state": given["state"]} | said)
    assert answer.status_code == 403
    assert "let nobody in" in answer.text
    assert "evil" not in answer.text


def test_a_private_address_is_asked_only_if_the_settings_name_it(
    world_with: Any, caplog: pytest.LogCaptureFixture
) -> None:
    world = world_with(allow="[]")
    with caplog.at_level(logging.WARNING, "cautery.room"):
        answer = world.begin(world.room.browser())
    assert answer.status_code == 503
    assert world.provider.asked == []
    assert "127.0.0.1" not in answer.text
    assert "127.0.0.1 is loopback" in caplog.text


def test_a_provider_that_is_down_is_said_and_left_alone_for_a_while(world: Any) -> None:
    world.provider.server.shutdown()
    world.provider.server.server_close()
    page = world.room.browser()
    answer = world.begin(page)
    assert answer.status_code == 503
    assert "log in another way" in answer.text
    assert world.room.login(page, "analyst").status_code == 303


def test_who_is_unknown_here_is_told_what_to_hand_on(world: Any) -> None:
    world.provider.claims = {"sub": "another-<b>person"}
    client = world.room.browser()
    answer = world.login(client)
    assert answer.status_code == 403
    assert "another-&lt;b&gt;person" in answer.text
    assert client.get("/").status_code == 401
    world.room.people.settle()
    assert contents(world, DoorUsed)[-1].what == "refused"


def test_what_the_provider_says_of_roles_counts_for_nothing(world: Any) -> None:
    world.provider.claims = {"roles": ["commander"], "groups": ["keeper"], "email": "k@keller"}
    client = world.room.browser()
    assert world.login(client).status_code == 200
    assert client.get("/people").status_code == 403
    account = world.room.people.accounts.account(world.room.accounts[RoomRole.ANALYST].id)
    assert account.roles == {RoomRole.ANALYST}


ROLES = '[roles]\nclaim = "groups"\nof = {"watchers" = "analyst", "chiefs" = "commander"}\n'


def test_roles_come_from_groups_where_the_settings_say_so_and_it_is_logged(
    world_with: Any,
) -> None:
    world = world_with(ROLES)
    account = bind(world, RoomRole.ANALYST)
    world.provider.claims = {"groups": ["chiefs", "tea"]}
    client = world.room.browser()
    assert world.login(client).status_code == 200
    assert world.room.people.accounts.account(account.id).roles == {RoomRole.COMMANDER}
    given = contents(world, AccountChanged)[-1]
    assert (given.by, given.what, given.roles) == ("identity-provider", "given", ("commander",))
    world.provider.claims = {"groups": []}
    answer = world.login(world.room.browser())
    assert answer.status_code == 403
    assert "gives you no role" in answer.text


def test_groups_make_and_unmake_no_keeper(world_with: Any, tmp_path: Path) -> None:
    world = world_with(ROLES)
    account = bind(world, RoomRole.KEEPER)
    world.provider.claims = {"groups": ["chiefs"]}
    client = world.room.browser()
    assert world.login(client).status_code == 200
    assert world.room.people.accounts.account(account.id).roles == {RoomRole.KEEPER}
    path = settings(tmp_path, "https://id.example", ROLES.replace("commander", "keeper"))
    with pytest.raises(InputError, match="owner of the machine alone"):
        identity_of(path, world.room.clock)


def test_a_session_by_the_provider_ends_as_any_other(world: Any) -> None:
    client, other = world.room.browser(), world.room.browser()
    world.login(client)
    world.login(other)
    assert world.room.send(client, "/logout").status_code == 303
    assert (client.get("/").status_code, other.get("/").status_code) == (401, 200)
    account = world.room.accounts[RoomRole.ANALYST]
    world.room.people.identities.unbind(account.id, by=owner(), why="left")
    assert other.get("/").status_code == 401
    assert world.login(world.room.browser()).status_code == 403
    assert world.room.login(world.room.browser(), "analyst").status_code == 303  # the password
    world.room.people.identities.bind(
        account.id, world.provider.issuer, SUBJECT, by=owner(), why="back"
    )
    third = world.room.browser()
    world.login(third)
    world.room.people.accounts.invite(account.id, by=owner(), why="lost it")
    assert third.get("/").status_code == 401
    assert world.login(world.room.browser()).status_code == 403  # as if lost: all of it ended


def test_an_account_that_is_unbound_while_its_person_is_at_the_provider_stays_out(
    world: Any,
) -> None:
    client = world.room.browser()
    given = world.provider.code(world.place(world.begin(client)))
    world.room.people.accounts.erase(
        world.room.accounts[RoomRole.ANALYST].id, by=owner(), why="left"
    )
    assert world.back(client, given).status_code == 403


def test_who_came_in_so_adds_no_passkey_without_the_password(world: Any) -> None:
    """Approvals take a passkey, and the provider's word makes none."""
    client = world.room.browser()
    world.login(client)
    answer = world.room.send(client, "/account/passkey", name="x", answer="{}", old="")
    assert answer.status_code == 400
    assert "This is not your password" in answer.text
    assert world.provider.issuer in client.get("/account").text


def test_what_was_typed_before_comes_back_after_the_provider_too(world: Any) -> None:
    client = world.room.browser()
    world.login(client)
    world.room.clock.goes(hours=2)
    world.room.people.logins.throttle._budgets._kept.clear()
    page = world.room.send(client, "/language", lang="fr", back="/x?typed=1")
    assert "What you typed is not lost" in page.text
    import html
    import re

    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    fields = {name: html.unescape(value) for name, value in hidden.items()}
    answer = world.login(client, **fields)
    assert answer.status_code == 200
    assert 'name="back" value="/x?typed=1"' in answer.text
    assert world.room.send(client, "/language", lang="fr", back="/").status_code == 303


@pytest.mark.parametrize("to", ["//evil.example/", "https://evil.example/x", "/\\evil.example"])
def test_the_way_back_leads_to_no_other_site(world: Any, to: str) -> None:
    place = world.place(world.login(world.room.browser(), to=to))
    assert place.startswith("/")
    assert not place.startswith(("//", "/\\"))


@pytest.mark.parametrize("origin", [None, "null", "http://evil.example"])
def test_a_login_there_begins_on_a_page_of_the_room_alone(world: Any, origin: str | None) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    headers |= {"origin": origin} if origin else {}
    answer = world.room.browser().post("/login/identity", data={"to": "/"}, headers=headers)
    assert answer.status_code == 403
    assert world.provider.asked == []


def test_a_flood_of_logins_there_is_bounded_for_each_address(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = world.room.browser()
    at = time.monotonic()
    monkeypatch.setattr(world.room.people.logins.throttle, "_now", lambda: at)
    statuses = [world.begin(client).status_code for _ in range(25)]
    assert statuses[:20] == [200] * 20
    assert set(statuses[20:]) == {429}
    assert world.room.login(client, "commander").status_code == 303  # another budget


def test_a_room_without_one_has_no_such_address(peopled: Any) -> None:
    client = peopled.browser()
    form = {"origin": "http://127.0.0.1:8017", "content-type": "application/x-www-form-urlencoded"}
    assert "/login/identity" not in client.get("/login").text
    assert client.post("/login/identity", data={}, headers=form).status_code == 404
    assert client.get("/login/identity/back").status_code == 404


@pytest.mark.parametrize("language", ["fr", "it", "es"])
def test_it_is_said_in_the_reader_s_language(world: Any, language: str) -> None:
    world.provider.claims = {"sub": "somebody-else"}
    client = world.room.browser()
    client.headers["accept-language"] = language
    english = "The identity provider knows you"
    answer = world.login(client)
    assert answer.status_code == 403
    assert "somebody-else" in answer.text
    assert english not in answer.text


def test_a_keeper_binds_whom_nobody_knows_yet_and_the_log_says_so(world: Any) -> None:
    room = world.room
    keeper = room.as_(RoomRole.KEEPER)
    people = room.people
    new, _ = people.accounts.make("new", [RoomRole.ANALYST], None, by=owner(), why="night shift")
    assert room.send(keeper, f"/people/{new.id}/bind", subject="", why="x").status_code == 400
    assert room.send(keeper, f"/people/{new.id}/bind", subject="77", why="").status_code == 400
    assert room.send(keeper, f"/people/{new.id}/bind", subject="77", why="y").status_code == 303
    bound = contents(world, AccountChanged)[-1]
    keeper_id = room.accounts[RoomRole.KEEPER].id
    assert (bound.account, bound.by, bound.what, bound.why) == (new.id, keeper_id, "identity", "y")
    assert world.provider.issuer in keeper.get("/people").text
    world.provider.claims = {"sub": "77"}
    client = room.browser()
    assert world.login(client).status_code == 200
    assert room.send(keeper, f"/people/{new.id}/unbind", why="left").status_code == 303
    assert client.get("/").status_code == 401
    assert room.send(keeper, f"/people/{new.id}/unbind", why="left").status_code == 400


def test_a_keeper_binds_no_colleague_who_comes_in_already(world: Any) -> None:
    """Else a keeper would come in as a colleague, who notices nothing."""
    keeper = world.room.as_(RoomRole.KEEPER)
    for role in (RoomRole.LEGAL, RoomRole.AUDITOR, RoomRole.KEEPER):
        account = world.room.accounts[role]
        answer = world.room.send(keeper, f"/people/{account.id}/bind", subject="9", why="x")
        assert answer.status_code == 403
        assert world.room.people.people.identities(account.id) == []
    with pytest.raises(ApprovalError):
        world.room.people.identities.unbind(
            world.room.accounts[RoomRole.AUDITOR].id,
            by=world.room.accounts[RoomRole.KEEPER].id,
            why="x",
        )


@pytest.mark.parametrize("issuer", ["this one", "another one"])
def test_a_keeper_binds_nobody_who_came_in_by_the_provider(world: Any, issuer: str) -> None:
    room, people = world.room, world.room.people
    colleague, _ = people.accounts.make(
        "colleague", [RoomRole.COMMANDER], None, by=owner(), why="duty"
    )
    named = world.provider.issuer if issuer == "this one" else "https://old.id.example"
    people.identities.bind(colleague.id, named, "colleague-sub", by=owner(), why="duty")
    keeper = room.as_(RoomRole.KEEPER)

    def binds() -> int:
        path = f"/people/{colleague.id}/bind"
        return int(room.send(keeper, path, subject="keepers-own", why="x").status_code)

    assert binds() == 403
    assert room.send(keeper, f"/people/{colleague.id}/unbind", why="x").status_code < 400
    assert f"/people/{colleague.id}/bind" not in keeper.get("/people").text
    assert binds() == 403
    assert people.people.identities(colleague.id) == []
    # A new word as well: bound to another subject for a night, and then to the right one again.
    people.identities.bind(colleague.id, named, "colleague-sub", by=owner(), why="back")
    for _ in range(2):
        assert room.send(keeper, f"/people/{colleague.id}/invite", why="lost").status_code < 400
        assert f"/people/{colleague.id}/bind" not in keeper.get("/people").text
        assert binds() == 403
    people.identities.bind(colleague.id, named, "colleague-sub", by=owner(), why="back")


def test_a_keeper_binds_a_colleague_whose_password_a_new_word_has_ended(world: Any) -> None:
    room, legal = world.room, world.room.accounts[RoomRole.LEGAL]
    keeper = room.as_(RoomRole.KEEPER)
    room.send(keeper, f"/people/{legal.id}/invite", why="moved to the League login")
    assert room.send(keeper, f"/people/{legal.id}/bind", subject="7", why="x").status_code == 303
    assert room.login(room.browser(), "legal").status_code == 401  # who was put out notices


def first_visit(world: Any, name: str, word: str) -> int:
    """Return what the room answers to whoever knows a one-time word."""
    password = {"password": "five other words chosen well", "again": "five other words chosen well"}
    answer = world.room.send(world.room.browser(), "/login/first", name=name, word=word, **password)
    return int(answer.status_code)


@pytest.mark.parametrize("ends", [True, False])
def test_nobody_who_read_a_one_time_word_out_comes_in_beside_whom_the_provider_lets_in(
    world: Any, *, ends: bool
) -> None:
    people, issuer = world.room.people, world.provider.issuer
    keeper = world.room.accounts[RoomRole.KEEPER].id
    new, word = people.accounts.make("new", [RoomRole.ANALYST], None, by=keeper, why="night shift")
    people.identities.bind(new.id, issuer, "new-sub", by=keeper, why="night shift")
    if not ends:  # a word that is made at the very moment of the binding
        people.people.invite(new.id, digest_of_token(word), world.room.clock.now() + WORD_LASTS)
    assert first_visit(world, "new", word) == 401
    assert not people.people.by_id(new.id).password
    people.identities.unbind(new.id, by=owner(), why="left")
    assert (first_visit(world, "new", word) == 401) is ends


def test_who_uses_a_one_time_word_while_its_account_is_bound_does_not_come_in(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, issuer = world.room.people, world.provider.issuer
    keeper = world.room.accounts[RoomRole.KEEPER].id
    new, word = people.accounts.make("new", [RoomRole.ANALYST], None, by=keeper, why="night shift")
    slow = Argon2Passwords.hashed

    def hashed(self: Argon2Passwords, password: str) -> str:
        people.identities.bind(new.id, issuer, "new-sub", by=keeper, why="night shift")
        return slow(self, password)

    monkeypatch.setattr(Argon2Passwords, "hashed", hashed)
    assert first_visit(world, "new", word) == 400
    assert not people.people.by_id(new.id).password


def test_a_keeper_binds_nobody_who_chooses_a_password_meanwhile(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, issuer = world.room.people, world.provider.issuer
    keeper = world.room.accounts[RoomRole.KEEPER].id
    new, word = people.accounts.make("new", [RoomRole.ANALYST], None, by=keeper, why="night shift")
    write = people.log.write

    def written(content: Any) -> Any:
        if isinstance(content, AccountChanged) and content.what == "identity":
            monkeypatch.undo()
            assert first_visit(world, "new", word) == 303
        return write(content)

    monkeypatch.setattr(people.log, "write", written)
    with pytest.raises(ApprovalError):
        people.identities.bind(new.id, issuer, "new-sub", by=keeper, why="night shift")
    assert people.people.identities(new.id) == []


def test_a_subject_is_one_person_s_and_a_person_has_one(world: Any) -> None:
    people, issuer = world.room.people.identities, world.provider.issuer
    legal = world.room.accounts[RoomRole.LEGAL].id
    analyst = world.room.accounts[RoomRole.ANALYST].id
    with pytest.raises(InputError, match="bound"):
        people.bind(legal, issuer, SUBJECT, by=owner(), why="x")
    with pytest.raises(InputError, match="bound"):
        people.bind(analyst, issuer, "another", by=owner(), why="x")
    people.bind(analyst, "https://id.example", SUBJECT, by=owner(), why="x")


def test_an_erased_account_leaves_no_subject_behind(world: Any) -> None:
    account = world.room.accounts[RoomRole.ANALYST].id
    world.room.people.accounts.erase(account, by=owner(), why="left")
    folder = world.room.people.folder
    raw = b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
    assert SUBJECT.encode() not in raw
