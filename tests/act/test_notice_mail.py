"""A mail of many URLs has one attachment for all reports, and one for each where they are few."""

from __future__ import annotations

import json
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

import pytest
import xarf

from cautery.act.approved import let_out
from cautery.act.notice_mail import MOST_ATTACHED, notice_mail
from cautery.model import Notice

from .planted_notices import MANDATE, NOW, good


def mailed(count: int) -> tuple[Notice, EmailMessage]:
    notice = good(0).notice
    first = notice.urls[0]
    urls = tuple(replace(first, url=f"{first.url}?nr={number}") for number in range(count))
    notice = replace(notice, urls=urls)
    raw = notice_mail(
        let_out(notice, (), at=NOW, mandate=MANDATE, gate=None),
        sender="piracy@league.example",
        message_id="<1@league.example>",
        at=NOW,
    )
    return notice, cast(EmailMessage, message_from_bytes(raw, policy=policy.default))


@pytest.mark.parametrize("count", [1, MOST_ATTACHED, MOST_ATTACHED + 1, 1_000])
def test_each_url_has_a_valid_report_in_a_bounded_number_of_attachments(count: int) -> None:
    notice, mail = mailed(count)
    parts: list[Any] = list(mail.iter_attachments())
    assert len(parts) == (count if count <= MOST_ATTACHED else 1)
    contents = [part.get_payload(decode=True) for part in parts]
    texts = contents if count <= MOST_ATTACHED else contents[0].splitlines()
    reports = [json.loads(text) for text in texts]
    assert [report["infringing_url"] for report in reports] == [url.url for url in notice.urls]
    assert xarf.parse(reports[-1]).errors == []
    body = mail.get_body()
    assert body is not None
    said = f"xarf.jsonl has {count} XARF reports" in body.get_content()
    assert said is (count > MOST_ATTACHED)
