"""An approver refuses an act with a reason: nobody approves it any more, as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.console.acts import PEOPLE, key_of
from tests.console.test_acting import Acting, _field, acting  # noqa: F401 - a fixture
from typer.testing import CliRunner

from cautery.adapters.case_folder import FolderStore
from cautery.cli import app
from cautery.errors import ApprovalError, InputError
from cautery.model import digest, digest_of
from cautery.model.ledger import append
from cautery.model.records import ActRefused, ApprovalGiven, NoticeApproved
from cautery.model.room import RoomRole
from cautery.wiring import notices, signing
from cautery.workflows.case.notices import notices_of
from cautery.workflows.case.referral import filed_referral


def refuse(acting: Acting, client: Any, act: str, why: str = "wrong event", **more: str) -> Any:  # noqa: F811
    page = acting.page(client, act)
    fields = {name: _field(page, name) for name in ("digest", "seen")}
    path = f"/cases/md34/orders/{act}/refuse"
    return acting.room.send(client, path, **(fields | {"why": why} | more))


def test_a_refused_act_is_shown_so_and_nobody_signs_it_any_more(acting: Acting) -> None:  # noqa: F811
    drafted = acting.work.plain_referral()
    client, deputy = acting.browser(), acting.deputy()
    assert acting.sign(deputy, drafted.id, PEOPLE[1]).status_code == 303
    sent = refuse(acting, client, drafted.id, "a <b>bystander</b>")
    assert sent.headers["location"] == f"/cases/md34/orders/{drafted.id}?done=refused"
    [refusal] = acting.records(ActRefused)
    assert (refusal.by, refusal.why) == (PEOPLE[0], "a <b>bystander</b>")
    page = client.get(sent.headers["location"]).text
    for words in ("The refusal is recorded", f"{PEOPLE[0]} has refused it", "&lt;b&gt;bystander"):
        assert words in page
    assert "Sign with your passkey" not in page
    assert "cautery referral approve" not in page
    assert "cautery referral refuse" not in page
    board = client.get("/cases/md34/orders?kind=referral").text
    assert ">refused</b>" in board
    with pytest.raises(ApprovalError, match="has refused"):
        signing.approve(
            acting.work.path,
            drafted.id,
            shown=refusal.subject,
            name=PEOPLE[0],
            key=key_of(acting.work.folder, PEOPLE[0]),
        )
    assert len(acting.records(ApprovalGiven)) == 1
    assert "Refuse it" not in page


def test_a_refused_notice_is_not_signed_and_another_version_can_be(acting: Acting) -> None:  # noqa: F811
    notice = acting.work.notice()
    client = acting.browser()
    assert refuse(acting, client, notice).status_code == 303
    page = acting.page(client, notice)
    assert "Sign with your passkey" not in page
    [refusal] = acting.records(ActRefused)
    with pytest.raises(ApprovalError, match="has refused"):
        notices.approve(
            acting.work.path,
            notice,
            shown=refusal.subject,
            name=PEOPLE[1],
            key=key_of(acting.work.folder, PEOPLE[1]),
        )
    assert acting.records(NoticeApproved) == []
    after = acting.work.notice_from(notice)
    assert acting.sign(client, after).status_code == 303


def test_a_refusal_that_somebody_slipped_in_is_shown_nowhere(acting: Acting) -> None:  # noqa: F811
    drafted = acting.work.plain_referral()
    client = acting.browser()
    number = acting.work.notice()
    at = acting.room.clock.now()
    ledger = FolderStore().ledger(acting.work.path, read_only=False)
    try:
        text = notices_of(ledger).draft(number)
        for act, subject, by in (
            (drafted.id, filed_referral(ledger, drafted.id).digest, "Mallory"),
            (drafted.id, digest_of(b"another text"), PEOPLE[0]),
            (number, digest(text), "Mallory"),
            (number, digest_of(b"another text"), PEOPLE[0]),
        ):
            append(ledger, ActRefused(id=act, subject=subject, by=by, why="x", at=at), at=at)
        assert notices_of(ledger).notices.unsent == (number,)
    finally:
        ledger.close()
    for act in (drafted.id, number):
        assert "has refused it" not in acting.page(client, act)
    for kind in ("referral", "notice"):
        assert ">refused</b>" not in client.get(f"/cases/md34/orders?kind={kind}").text
    assert acting.sign(client, number).status_code == 303


def test_a_refusal_without_a_reason_or_on_an_old_look_records_nothing(acting: Acting) -> None:  # noqa: F811
    notice = acting.work.notice()
    client = acting.browser()
    assert refuse(acting, client, notice, " ").status_code == 400
    assert refuse(acting, client, notice, "x" * 2_001).status_code == 400
    told = refuse(acting, client, notice, "my own long reason", digest="sha256:" + "0" * 64)
    assert told.status_code == 403
    assert "my own long reason</textarea>" in told.text
    assert refuse(acting, client, notice, seen="x").status_code == 400
    assert acting.records(ActRefused) == []


@pytest.mark.parametrize("role", [RoomRole.ANALYST, RoomRole.LEGAL, RoomRole.AUDITOR])
def test_who_may_not_approve_refuses_nothing(acting: Acting, role: RoomRole) -> None:  # noqa: F811
    drafted = acting.work.plain_referral()
    client = acting.browser(role)
    assert '/refuse"' not in client.get(f"/cases/md34/orders/{drafted.id}").text
    path = f"/cases/md34/orders/{drafted.id}/refuse"
    assert acting.room.send(client, path, why="x", seen="9", digest="x").status_code == 403
    form = {"origin": "https://evil.example", "content-type": "application/x-www-form-urlencoded"}
    assert acting.browser().post(path, data={"csrf": "x"}, headers=form).status_code == 403
    assert acting.records(ActRefused) == []


def test_the_command_refuses_for_an_approver_alone(acting: Acting) -> None:  # noqa: F811
    drafted = acting.work.plain_referral()
    case: Path = acting.work.path
    with pytest.raises(InputError, match="not an approver"):
        signing.refuse(case, drafted.id, shown=None, name="Nobody", why="x")
    line = ["referral", "refuse", str(case), drafted.id, "--as", PEOPLE[0], "--why", "wrong"]
    assert "has refused" in CliRunner().invoke(app, line, catch_exceptions=False).output
    with pytest.raises(ApprovalError, match="has refused"):
        CliRunner().invoke(app, line, catch_exceptions=False)
    notice = acting.work.notice()
    line = ["notice", "refuse", str(case), notice, "--as", PEOPLE[0], "--why", "w"]
    CliRunner().invoke(app, line, catch_exceptions=False)
    assert [one.id for one in acting.records(ActRefused)] == [drafted.id, notice]
