"""A mail is read by its form alone, whatever is in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cautery.act import notice_replies
from cautery.act.notice_replies import MOST_MAILS, mails_in, notice_in, read_reply
from cautery.errors import InputError
from cautery.model.records import AnswerKind

OWN = "<N-0123456789ab.00112233445566778899aabbccddeeff@league.example>"


@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda tail: b"Subject: " + tail))
def test_any_bytes_are_read_or_refused(mail: bytes) -> None:
    try:
        read_reply(mail)
    except InputError:
        return


@pytest.mark.parametrize(
    ("header", "what", "domain"),
    [
        ("From: a@hoster.example", AnswerKind.ANSWER, "hoster.example"),
        ("From: MAILER-DAEMON@mx.example", AnswerKind.BOUNCE, "mx.example"),
        (
            "From: x@y.example\nContent-Type: multipart/report; report-type=delivery-status",
            AnswerKind.BOUNCE,
            "y.example",
        ),
        ("From: x@y.example\nAuto-Submitted: auto-replied", AnswerKind.AUTOMATIC, "y.example"),
        ("From: x@y.example\nAuto-Submitted: no", AnswerKind.ANSWER, "y.example"),
        ("From: =?utf-8?q?x?= <a@\u202ehoster>", AnswerKind.ANSWER, None),
        ("From: =?nonsense?b?!!?=", AnswerKind.ANSWER, None),
        ("From: " + "(" * 990, AnswerKind.ANSWER, None),
    ],
)
def test_the_form_of_a_mail_says_what_it_is(
    header: str, what: AnswerKind, domain: str | None
) -> None:
    reply = read_reply(f"{header}\n\ntext\n".encode())
    assert (reply.what, reply.domain) == (what, domain)


def test_our_message_ids_are_found_wherever_they_stand_and_others_are_not() -> None:
    reply = read_reply(
        f"Subject: Re: [N-aaaaaaaaaaaa] x\nIn-Reply-To: {OWN}\n\n> {OWN} <N-1@x>\n".encode()
    )
    assert reply.message_ids == (OWN,)
    assert notice_in(OWN) == "N-0123456789ab"
    assert reply.tag == "N-aaaaaaaaaaaa"


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_an_mbox_is_parted_at_its_from_lines_alone(end: bytes) -> None:
    first = end.join((b"From a@b Mon", b"Subject: 1", b"", b"text", b"From here on", b"", b""))
    box = first + end.join((b"From c@d Tue", b"Subject: 2", b"", b"end", b""))
    mails = list(mails_in(box))
    assert [read_reply(mail).tag for mail in mails] == [None, None]
    assert b"From here on" in mails[0]


@pytest.mark.parametrize("data", [b"Subject: 1\n\n", b"From ", b"From \n", b"\n\nFrom a\n\n", b""])
def test_what_is_no_mbox_is_one_mail(data: bytes) -> None:
    assert list(mails_in(data)) == [data]


def test_a_file_of_too_many_mails_is_refused() -> None:
    with pytest.raises(InputError, match="more than"):
        list(mails_in(b"From a\n\n" * (MOST_MAILS + 1)))


def test_lines_that_only_look_like_a_beginning_are_counted_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notice_replies, "_MOST_LIKE", 3)
    with pytest.raises(InputError, match="more than 3 lines like"):
        list(mails_in(b"From a\n" + b"\n\nFrom \n" * 4))


def test_no_line_after_the_last_mail_that_may_be_there_is_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    places = iter(range(7, 10_000_000, 7))
    monkeypatch.setattr(notice_replies, "_places", lambda data, gap: places)
    with pytest.raises(InputError, match="more than 10000 mails"):
        list(mails_in(b"From a\n" * (MOST_MAILS + 5)))
    assert next(places) < 7 * (MOST_MAILS + 5)
