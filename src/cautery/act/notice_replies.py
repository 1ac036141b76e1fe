"""What a mail says of a notice, as far as its form tells: anybody can have written it.

Only headers are parsed, and our Message-IDs that stand in the mail as text: a bounce quotes
the mail that it is about. Whoever has not had our mail cannot know its Message-ID.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message as Mail
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from heapq import merge
from itertools import chain, islice

from cautery.errors import InputError
from cautery.model.records import AnswerKind

MOST_BYTES = 2_000_000
"""Of one mail. Judgement: a reply with a log attached is smaller."""
MOST_HEADER_BYTES = 100_000
MOST_MAILS = 10_000
_MOST_LIKE = 500_000
"""Lines of one file that begin as a mail's first does, and may go on otherwise."""
_OWN_ID = re.compile(rb"<(N-[0-9a-f]{12})\.[0-9a-f]{32}@[A-Za-z0-9.-]{1,253}>")
_TAG = re.compile(r"\[(N-[0-9a-f]{12})\]")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")
_FROM_LINE = re.compile(rb"From [^\n]{1,998}\r?\n")
_BEFORE_A_MAIL = (b"\n\nFrom ", b"\n\r\nFrom ")
"""An empty line, and how each mail of an mbox file but its first begins."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{4,}={0,2}")
_LONGEST_LINE = 80
_LONGEST = 1_000
"""Characters of a header that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a mail says by its form.

    Parameters
    ----------
    message_ids : tuple of str
        Message-IDs of notices that it names, each once.
    tag : str or None
        Id of a notice in its subject; ``None``: none.
    what : AnswerKind
        A bounce, an automatic reply, or an answer that somebody has to read.
    domain : str or None
        Domain of its sender, as it claims; ``None``: it states none.
    """

    message_ids: tuple[str, ...]
    tag: str | None
    what: AnswerKind
    domain: str | None


def read_reply(mail: bytes) -> Reply:
    """Return what a mail says by its form.

    Raises
    ------
    InputError
        If it is too long, or has no header.
    """
    if len(mail) > MOST_BYTES:
        raise InputError(f"a mail of {len(mail)} bytes is too long: at most {MOST_BYTES} are read")
    head, _, _ = mail.replace(b"\r\n", b"\n").partition(b"\n\n")
    if len(head) > MOST_HEADER_BYTES:
        raise InputError(f"a mail's header of {len(head)} bytes is too long")
    headers = BytesHeaderParser().parsebytes(head + b"\n\n")
    if not headers.keys():
        raise InputError("this is not a mail: it has no header")
    tag = _TAG.search(_text(headers, "Subject"))
    return Reply(
        message_ids=tuple(
            dict.fromkeys(match[0].decode("ascii") for match in _OWN_ID.finditer(mail))
        ),
        tag=None if tag is None else tag[1],
        what=_kind(headers),
        domain=_domain(headers),
    )


def words_of(mail: bytes) -> str:
    """Return the subject and the body of a mail as text, without taking its parts apart.

    Lines that are broken as quoted-printable are joined, and what looks like Base64 is decoded. The
    other headers are left out: the sender's own domain is not what a mail is about.
    """
    head, _, body = mail.replace(b"\r\n", b"\n").partition(b"\n\n")
    headers = BytesHeaderParser().parsebytes(head[:MOST_HEADER_BYTES] + b"\n\n")
    texts = (body.replace(b"=\n", b""), *_decoded(body))
    return "\n".join(
        (_text(headers, "Subject"), *(text.decode("utf-8", "replace") for text in texts))
    )


def _decoded(body: bytes) -> Iterator[bytes]:
    """Yield what runs of lines of Base64 say."""
    run: list[bytes] = []
    for line in (*body.split(b"\n"), b""):
        if len(line) <= _LONGEST_LINE and _BASE64.fullmatch(line):
            run.append(line)
            continue
        if run:
            with suppress(ValueError):
                yield base64.b64decode(b"".join(run), validate=True)
        run = []


def notice_in(message_id: str) -> str:
    """Return the id of the notice to which one of our Message-IDs belongs."""
    return message_id[1:15]


def mails_in(data: bytes) -> Iterator[bytes]:
    """Yield the mails of an mbox file, or the one mail that a file is.

    Raises
    ------
    InputError
        If there are too many.
    """
    if _FROM_LINE.match(data) is None:
        yield data
        return
    starts = list(islice(_starts(data), MOST_MAILS + 1))
    if len(starts) > MOST_MAILS:
        raise InputError(f"more than {MOST_MAILS} mails in one file")
    ends = [start for start, _ in starts[1:]] + [len(data)]
    for (_, start), end in zip(starts, ends, strict=True):
        yield data[start:end].rstrip(b"\r\n") + b"\n"


def _starts(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield where the ``From`` line of each mail begins and ends: the first, or after a gap."""
    places = merge(*(_places(data, gap) for gap in _BEFORE_A_MAIL))
    for number, at in enumerate(chain((0,), places)):
        if number > _MOST_LIKE:
            raise InputError(f"more than {_MOST_LIKE} lines like those that begin a mail")
        if (line := _FROM_LINE.match(data, at)) is not None:
            yield line.span()


def _places(data: bytes, gap: bytes) -> Iterator[int]:
    """Yield where a ``From`` stands after an empty line of one kind, a search at a time."""
    at = data.find(gap)
    while at >= 0:
        yield at + len(gap) - len(b"From ")
        at = data.find(gap, at + 1)


def _kind(headers: Mail) -> AnswerKind:
    content = _text(headers, "Content-Type").lower()
    sender = _sender(headers)
    reports = "multipart/report" in content and "delivery-status" in content
    if reports or sender.startswith(("mailer-daemon@", "postmaster@")):
        return AnswerKind.BOUNCE
    if _text(headers, "Auto-Submitted").lower().strip() not in ("", "no"):
        return AnswerKind.AUTOMATIC
    return AnswerKind.ANSWER


def _domain(headers: Mail) -> str | None:
    domain = _sender(headers).rpartition("@")[2]
    return domain if len(domain) <= 253 and _DOMAIN.fullmatch(domain) else None


def _sender(headers: Mail) -> str:
    """Return the address that a mail claims to come from; empty if none can be read."""
    try:
        return parseaddr(_text(headers, "From"))[1].lower()
    except RecursionError:  # of each bracket in a bracket
        return ""


def _text(headers: Mail, name: str) -> str:
    raw = str(headers.get(name, ""))[:_LONGEST]
    try:
        return str(make_header(decode_header(raw)))
    except (MessageError, ValueError, LookupError):
        return raw
