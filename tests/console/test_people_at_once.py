"""Accounts that two change at the same moment: no right, password or passkey comes back."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from cautery.errors import AbsentError, ApprovalError, ConflictError, InputError
from cautery.model.account import Passkey
from cautery.model.room import RoomRole
from cautery.wiring.people import owner

PEOPLE = sys.modules["people_room"]
NEW = "five more words that fit"


def test_a_password_that_is_changed_meanwhile_brings_no_rights_back(
    peopled: Any, while_hashing: Callable[[str, Callable[[], Any]], None]
) -> None:
    accounts, id_ = peopled.people.accounts, peopled.accounts[RoomRole.ANALYST].id
    guest = [RoomRole.GUEST]
    while_hashing("hashed", lambda: accounts.give(id_, guest, ["other"], by=owner(), why="demoted"))
    accounts.set_password(id_, NEW)
    now = peopled.people.people.by_id(id_)
    assert (now.roles, now.cases, now.why) == (frozenset(guest), frozenset(["other"]), "demoted")
    assert peopled.login(peopled.browser(), "analyst", NEW).status_code == 303


def test_an_account_that_was_erased_meanwhile_stays_erased(
    peopled: Any, while_hashing: Callable[[str, Callable[[], Any]], None]
) -> None:
    accounts, id_ = peopled.people.accounts, peopled.accounts[RoomRole.ANALYST].id
    while_hashing("hashed", lambda: accounts.erase(id_, by=owner(), why="left"))
    with pytest.raises(AbsentError):
        accounts.set_password(id_, NEW)
    assert peopled.people.people.by_name("analyst") is None


def test_a_password_is_not_changed_by_what_a_new_word_has_ended(
    peopled: Any, while_hashing: Callable[[str, Callable[[], Any]], None]
) -> None:
    client, id_ = peopled.as_(RoomRole.ANALYST), peopled.accounts[RoomRole.ANALYST].id
    while_hashing("hashed", lambda: peopled.people.accounts.invite(id_, by=owner(), why="stolen"))
    stolen = {"old": PEOPLE.SECRET, "password": NEW, "again": NEW}
    assert peopled.send(client, "/account/password", **stolen).status_code == 400
    assert not peopled.people.people.by_id(id_).password


def test_who_logs_in_while_the_password_is_ended_does_not_come_in(
    peopled: Any, while_hashing: Callable[[str, Callable[[], Any]], None]
) -> None:
    client, id_ = peopled.browser(), peopled.accounts[RoomRole.ANALYST].id
    while_hashing("fits", lambda: peopled.people.accounts.invite(id_, by=owner(), why="stolen"))
    answer = peopled.login(client, "analyst")
    assert answer.status_code == 400
    assert "set-cookie" not in answer.headers
    now = peopled.clock.now()
    assert all(session.state(now) for session in peopled.people.people.sessions(id_))


def test_no_keeper_takes_a_role_away_that_was_given_meanwhile_by_the_owner(
    peopled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts, log = peopled.people.accounts, peopled.people.log
    id_, keeper = (peopled.accounts[role].id for role in (RoomRole.ANALYST, RoomRole.KEEPER))
    write, waiting = log.write, [True]

    def written(*given: Any) -> Any:
        if waiting.pop() if waiting else False:
            accounts.give(id_, [RoomRole.AUDITOR], None, by=owner(), why="audits")
        return write(*given)

    monkeypatch.setattr(log, "write", written)
    with pytest.raises(ApprovalError):
        accounts.give(id_, [RoomRole.ANALYST], ["night-1"], by=keeper, why="as before")
    assert peopled.people.people.by_id(id_).roles == {RoomRole.AUDITOR}


def test_a_passkey_that_is_made_or_used_while_it_ends_is_none(peopled: Any) -> None:
    people, account = peopled.people.people, peopled.accounts[RoomRole.ANALYST]
    passkey = Passkey(
        id=b"1", account=account.id, key=b"k", count=1, name="blue", made_at=account.made_at
    )
    people.add_passkey(passkey, era=account.era)
    with pytest.raises(ConflictError):
        people.add_passkey(passkey, era=account.era)
    assert people.count_passkey(b"1", 2)
    peopled.people.accounts.invite(account.id, by=owner(), why="lost")
    assert not people.count_passkey(b"1", 3)
    with pytest.raises(ConflictError):
        people.add_passkey(passkey, era=account.era)
    assert people.passkeys(account.id) == []
    with pytest.raises(InputError):
        peopled.people.sessions.begin(account, agent="x", address="192.0.2.1", by="passkey")
