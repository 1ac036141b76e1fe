import json
from datetime import UTC, datetime, timedelta

import pytest

from cautery.adapters.intermediary import HttpPublisher
from cautery.errors import ApprovalError, SourceError
from cautery.model import (
    Effect,
    Intermediary,
    RefusedEntry,
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


async def test_the_version_goes_out_as_it_was_signed_and_the_answer_comes_back(handed_in):
    wire = Wire(b'{"effect": "applied", "applied_at": "2026-11-24T20:49:00+00:00", "reason": null}')
    envelope = handed_in(ISP)
    answer = await HttpPublisher(wire).publish(envelope, now=NOW)
    assert (answer.effect, answer.applied_at, answer.intermediary, answer.version) == (
        Effect.APPLIED,
        NOW - timedelta(minutes=1),
        "isp-fr",
        1,
    )
    method, url, sent = wire.asked[0]
    assert (method, url) == ("PUT", ISP.list_url.reveal())
    assert sent["version"] == envelope.version.text
    [referral] = sent["referrals"]
    entries = json.loads(referral["text"])["entries"]
    assert [entry["target"] for entry in entries] == ["a.example", "b.example"]
    assert len(referral["approvals"]) == 2


async def test_a_referral_that_the_intermediary_holds_is_not_sent_again(handed_in):
    wire, envelope = Wire(b'{"effect": "pending"}'), handed_in(ISP)
    await HttpPublisher(wire).publish(envelope, now=NOW, held=frozenset(envelope.version.parts))
    assert wire.asked[0][2]["referrals"] == []


async def test_a_pending_list_may_say_when_it_will_be_applied(handed_in):
    wire = Wire(b'{"effect": "pending", "applied_at": "2026-11-24T21:05:00.000Z"}')
    answer = await HttpPublisher(wire).publish(handed_in(ISP), now=NOW)
    assert answer.applied_at == NOW + timedelta(minutes=15)


async def test_nothing_but_an_envelope_of_approved_referrals_is_sent(approved_referral):
    wire = Wire(b"{}")
    with pytest.raises(ApprovalError, match="only a list of approved"):
        await HttpPublisher(wire).publish(approved_referral.subject, now=NOW)
    assert wire.asked == []


async def test_refused_entries_come_back_with_their_rules(handed_in):
    refused = [{"target": "a.example", "rule": "never-block", "reason": "ours\x1b"}]
    wire = Wire(json.dumps({"effect": "applied", "refused": refused}).encode())
    answer = await HttpPublisher(wire).publish(handed_in(ISP), now=NOW)
    assert answer.refused == (RefusedEntry(target="a.example", rule="never-block", reason="ours?"),)


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
        b'{"effect": "applied", "refused": {}}',
        b'{"effect": "applied", "refused": ["a.example"]}',
    ],
)
async def test_an_answer_that_is_not_as_agreed_is_an_error(handed_in, body):
    with pytest.raises(SourceError):
        await HttpPublisher(Wire(body)).publish(handed_in(ISP), now=NOW)


async def test_a_status_that_is_no_success_is_an_error(handed_in):
    with pytest.raises(SourceError, match="503"):
        await HttpPublisher(Wire(b'{"effect": "applied"}', status=503)).publish(
            handed_in(ISP), now=NOW
        )


async def test_a_reason_is_cut_and_made_printable(handed_in):
    body = json.dumps({"effect": "rejected", "reason": "\x1b[2J" + "x" * 9999}).encode()
    said = await HttpPublisher(Wire(body)).publish(handed_in(ISP), now=NOW)
    assert said.reason.startswith("?[2J")
    assert len(said.reason) == 500
