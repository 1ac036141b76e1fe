import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cautery.adapters.intermediary import HttpPublisher
from cautery.errors import ApprovalError, SourceError
from cautery.model import (
    Effect,
    Intermediary,
    Response,
)

NOW = datetime(2026, 11, 24, 20, 50, tzinfo=UTC)
ISP = Intermediary(name="isp-fr", territory="FR", list_url="http://isp.example/list")


class Wire:
    def __init__(self, body, status=200):
        self.body, self.status, self.asked = body, status, []

    async def fetch(self, url, *, limits, proxy=None, vantage=None, method="GET", body=None):
        self.asked.append((method, url, json.loads(body)))
        return Response(
            url=url,
            hops=(url,),
            status=self.status,
            headers=(),
            body=self.body,
            asked_at=NOW,
            answered_at=NOW,
            address="192.0.2.1",
        )


async def test_the_list_goes_out_as_json_and_the_acknowledgement_comes_back(approved):
    wire = Wire(b'{"effect": "applied", "applied_at": "2026-11-24T20:49:00+00:00", "reason": null}')
    said = await HttpPublisher(wire).publish(approved, ISP, now=NOW)
    assert (said.effect, said.applied_at, said.intermediary) == (
        Effect.APPLIED,
        NOW - timedelta(minutes=1),
        "isp-fr",
    )
    method, url, sent = wire.asked[0]
    assert (method, url) == ("PUT", ISP.list_url.reveal())
    assert [one["target"] for one in sent["entries"]] == ["b.example", "a.example"]
    assert len(sent["approvals"]) == 2


async def test_a_pending_list_may_say_when_it_will_be_applied(approved):
    wire = Wire(b'{"effect": "pending", "applied_at": "2026-11-24T21:05:00.000Z"}')
    said = await HttpPublisher(wire).publish(approved, ISP, now=NOW)
    assert said.applied_at == NOW + timedelta(minutes=15)


async def test_entries_that_ended_meanwhile_are_left_out(approved):
    wire = Wire(b'{"effect": "pending"}')
    await HttpPublisher(wire).publish(approved, ISP, now=NOW + timedelta(minutes=30))
    assert [one["target"] for one in wire.asked[0][2]["entries"]] == ["a.example"]


async def test_nothing_unapproved_ended_or_of_another_territory_is_sent(approved):
    wire = Wire(b"{}")
    publisher = HttpPublisher(wire)
    with pytest.raises(ApprovalError, match="only an approved"):
        await publisher.publish(approved.subject, ISP, now=NOW)
    with pytest.raises(ApprovalError, match="serves IT"):
        await publisher.publish(approved, replace(ISP, territory="IT"), now=NOW)
    with pytest.raises(ApprovalError, match="has ended"):
        await publisher.publish(approved, ISP, now=NOW + timedelta(hours=1))
    assert wire.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"effect": "done"}',
        b'{"effect": ["applied"]}',
        b'{"effect": "applied", "applied_at": "soon"}',
        b'{"effect": "applied", "applied_at": "2026-11-24T20:49:00"}',
        b'{"effect": "applied", "applied_at": "2030-01-01T00:00:00Z"}',
        b'{"effect": "applied", "applied_at": "0001-01-01T00:00:00+14:00"}',
        b'{"effect": "applied", "applied_at": {}}',
    ],
)
async def test_an_answer_that_is_not_as_agreed_is_an_error(approved, body):
    with pytest.raises(SourceError):
        await HttpPublisher(Wire(body)).publish(approved, ISP, now=NOW)


async def test_a_status_that_is_no_success_is_an_error(approved):
    with pytest.raises(SourceError, match="503"):
        await HttpPublisher(Wire(b'{"effect": "applied"}', status=503)).publish(
            approved, ISP, now=NOW
        )


async def test_a_reason_is_cut_and_made_printable(approved):
    body = json.dumps({"effect": "rejected", "reason": "\x1b[2J" + "x" * 9999}).encode()
    said = await HttpPublisher(Wire(body)).publish(approved, ISP, now=NOW)
    assert said.reason.startswith("?[2J")
    assert len(said.reason) == 500
