"""An approved notice as it leaves: a mail with an XARF report for each URL, or those reports alone.

XARF 4.2 (its JSON Schema is published by the XARF project): type ``copyright/copyright``, one
report for each URL at its address; an event's window has no field, so it is in tags. The schema
takes one URL a report: the reports of many URLs go in one file, a report on each line.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from cautery.act.approved import Approved
from cautery.drawing.formatting import counted
from cautery.errors import ApprovalError
from cautery.model import Approval, Digest, Notice, NoticedUrl, digest, iso

XARF_VERSION = "4.2.0"
_NO_TAG = re.compile(r"[^a-z0-9_+-]+")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.-]{1,100}@[A-Za-z0-9.-]{1,253}>")
"""The form of the ids that Cautery makes; an API's id has no brackets, and a stranger's record may
hold anything."""
MOST_ATTACHED = 50
"""Reports with an attachment each. Judgement: mail servers refuse mails of many hundred parts."""
_LONGEST_TITLE, _LONGEST_ORG = 500, 200
"""Characters that the schema allows."""


def checked(approved: Approved[Notice]) -> Notice:
    """Return the notice that is approved.

    Raises
    ------
    ApprovalError
        If it is not approved, or does not say who answers for it and where it goes.
    """
    if not isinstance(approved, Approved) or not isinstance(approved.subject, Notice):
        raise ApprovalError("only an approved notice can be sent")
    notice = approved.subject
    if notice.notifier_email is None or notice.addressee.contact is None:
        raise ApprovalError(f"notice {notice.id} lacks the notifier's or the addressee's address")
    return notice


def notice_mail(
    approved: Approved[Notice],
    *,
    sender: str,
    message_id: str,
    at: datetime,
    first_id: str | None = None,
) -> bytes:
    """Return the mail of a notice, not yet signed.

    Parameters
    ----------
    sender : str
        The mail address that it comes from; replies go to the notifier's.
    message_id : str
        With angle brackets; who has not had the mail cannot guess it.
    first_id : str or None
        Message-ID of the first mail, of which this is a reminder; ``None``: it is the first.

    Raises
    ------
    ApprovalError
        As :func:`checked`, or if a name would become a header field of its own.
    """
    notice = checked(approved)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(notice.notifier, addr_spec=sender)
    mail["To"] = Address(notice.addressee.name, addr_spec=str(notice.addressee.contact))
    mail["Reply-To"] = str(notice.notifier_email)
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = message_id
    mail["Subject"] = ("Reminder: " if first_id else "") + _subject(notice)
    if first_id is not None and _MESSAGE_ID.fullmatch(first_id):
        mail["In-Reply-To"] = first_id
        mail["References"] = first_id
    # Quoted-printable: a URL may be longer than a line of a mail.
    mail.set_content(with_review(notice, approved.approvals), cte="quoted-printable")
    reports = tuple(xarf_reports(approved))
    if len(reports) <= MOST_ATTACHED:
        for number, report in enumerate(reports, start=1):
            mail.add_attachment(
                report_bytes(report),
                maintype="application",
                subtype="json",
                filename=f"xarf-{number}.json",
            )
    else:
        mail.add_attachment(
            b"".join(json.dumps(report).encode("ascii") + b"\n" for report in reports),
            maintype="application",
            subtype="x-ndjson",
            filename="xarf.jsonl",
        )
    raw = mail.as_bytes()
    if _fields(raw) != [name.encode("ascii") for name in mail]:
        raise ApprovalError(f"notice {notice.id}: a name in it cannot stand in a mail's header")
    return raw


def _fields(raw: bytes) -> list[bytes]:
    """Return the names of a mail's header fields, as a receiver reads them.

    An encoded word in a name may hold an end of line, which Python's library before 3.11.10 writes
    as one (CVE-2024-6923): then a name brings header fields, or a text, of its own.
    """
    lines = re.split(rb"\r\n|\r|\n", raw)
    head = lines[: lines.index(b"")]
    return [line.partition(b":")[0] for line in head if line[:1] not in (b" ", b"\t")]


def _subject(notice: Notice) -> str:
    urls = counted(len(notice.urls), "infringing URL")
    return f"[{notice.id}] {urls}: {notice.legal_basis}"


def with_review(notice: Notice, approvals: tuple[Approval, ...]) -> str:
    """Return the statement of a notice, and under it who reviewed it, by their signatures."""
    lines = [
        f"Reviewed by {approval.approver} ({approval.role}), "
        f"{approval.at:%Y-%m-%d %H:%M:%S} UTC; signed over {approval.subject}."
        for approval in approvals
    ]
    if len(notice.urls) > MOST_ATTACHED:
        lines.append(f"xarf.jsonl has {len(notice.urls)} XARF reports, one on each line.")
    return "\n".join((notice.statement.rstrip("\n"), *lines, f"Reference: {notice.id}", ""))


def report_bytes(report: dict[str, Any]) -> bytes:
    """Return a report as JSON."""
    return json.dumps(report, ensure_ascii=True, indent=1).encode("ascii")


def xarf_reports(approved: Approved[Notice]) -> Iterator[dict[str, Any]]:
    """Yield an XARF report for each URL of an approved notice; the same one gives the same bytes.

    Raises
    ------
    ApprovalError
        As :func:`checked`.
    """
    notice = checked(approved)
    notice_digest = digest(notice)
    email = str(notice.notifier_email)
    contact = {
        "org": notice.notifier[:_LONGEST_ORG],
        "contact": email,
        "domain": email.rpartition("@")[2],
    }
    for url in notice.urls:
        yield {
            "xarf_version": XARF_VERSION,
            "report_id": str(_report_id(notice_digest, url)),
            "timestamp": iso(url.captured_at),
            "reporter": contact,
            "sender": contact,
            "source_identifier": url.place.addresses[0] if url.place.addresses else url.place.host,
            **_port(url.url),
            "category": "copyright",
            "type": "copyright",
            "infringing_url": url.url,
            "infringement_type": "streaming",
            "rights_holder": notice.notifier[:_LONGEST_ORG],
            "work_title": notice.rights[:_LONGEST_TITLE],
            "description": (
                f"Notice {notice.id} under {notice.legal_basis}. {url.verbal} for the same "
                f"content, log10 of the likelihood ratio {url.log10_lr:.1f}."
            ),
            "evidence_source": "automated_scan",
            "evidence": [_evidence(url)],
            "tags": list(_tags(notice, url)),
        }


def _report_id(notice_digest: Digest, url: NoticedUrl) -> uuid.UUID:
    name = f"{notice_digest} {url.url}".encode()
    return uuid.UUID(bytes=hashlib.sha256(name).digest()[:16], version=4)


def _port(url: str) -> dict[str, int]:
    port = urlsplit(url).port
    return {} if port is None else {"source_port": port}


def _evidence(url: NoticedUrl) -> dict[str, Any]:
    payload = "".join(f"{exhibit}\n" for exhibit in url.exhibits).encode()
    return {
        "content_type": "text/plain",
        "description": "Digests of the sealed captures, which can be had on request",
        "payload": base64.b64encode(payload).decode("ascii"),
        "hash": f"sha256:{hashlib.sha256(payload).hexdigest()}",
        "size": len(payload),
    }


def _tags(notice: Notice, url: NoticedUrl) -> Iterator[str]:
    yield f"notice:{notice.id.lower()}"
    if notice.event is not None and (name := _NO_TAG.sub("-", notice.event.lower()).lstrip("_+-")):
        yield f"event:{name}"
    if notice.event_window is not None:
        yield f"event-start:{notice.event_window.start:%Y%m%dt%H%M%Sz}"
        yield f"event-end:{notice.event_window.end:%Y%m%dt%H%M%Sz}"
    if url.live:
        yield "captured:live"
