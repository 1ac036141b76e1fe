"""Mails to whoever complained: the receipt for a mail, and the decision."""

from __future__ import annotations

from datetime import datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from cautery.act.lint_notice import is_mail

_MOST_HEADER_BYTES = 100_000
_LONGEST = 1_000
"""Characters of a sender that are looked at."""


def sender_of(mail: bytes) -> str | None:
    """Return the address that a mail claims to come from; ``None``: it has none that can be used.

    A ``Reply-To`` is not followed: it would let anybody have our receipts sent to a third person
    under a name that is not theirs.
    """
    head, _, _ = mail[:_MOST_HEADER_BYTES].replace(b"\r\n", b"\n").partition(b"\n\n")
    try:
        sender = str(BytesHeaderParser().parsebytes(head + b"\n\n").get("From", ""))[:_LONGEST]
        address = parseaddr(sender)[1]
    except (MessageError, ValueError, RecursionError):  # the last of a bracket in each bracket
        return None
    return address if is_mail(address) else None


def receipt_mail(
    *,
    sender: str,
    to: str,
    number: str,
    message_id: str,
    at: datetime,
    due: datetime | None,
    page: str | None,
    due_confirmed: bool = True,
    secret: bool = False,
) -> bytes:
    """Return the mail that confirms a complaint, not yet signed.

    Parameters
    ----------
    due : datetime or None
        When it is decided at the latest; ``None``: it is about nothing on the lists.
    page : str or None
        The page that shows where it stands; ``None``: there is none.
    due_confirmed : bool
        Whether somebody has confirmed the rules behind ``due`` with a source.
    secret : bool
        Whether a list is secret: then the receipt is the same for what is on it and what is not.
    """
    if secret:
        decided = "A person looks at it, and decides if a list of ours has what you name."
    elif due is None:
        decided = (
            "No list of ours has what you name, or had it lately. Write again with the exact name "
            "or address if you think otherwise."
        )
    else:
        decided = f"A person decides by {due:%Y-%m-%d %H:%M} UTC."
        if not due_confirmed:
            decided += " This time is our own: nobody has confirmed it in the law."
    lines = [
        f"Your complaint has arrived. Its number is {number}.",
        decided,
        *([] if page is None else [f"Where it stands: {page}"]),
        "",
        "This mail was sent by a machine.",
    ]
    return _mail(
        sender=sender,
        to=to,
        at=at,
        message_id=message_id,
        subject=f"[{number}] Your complaint has arrived",
        lines=lines,
    )


def decision_mail(
    *,
    sender: str,
    to: str,
    number: str,
    message_id: str,
    at: datetime,
    granted: bool,
    target: str | None,
    why: str,
) -> bytes:
    """Return the mail that states a decision, not yet signed.

    Parameters
    ----------
    target : str or None
        What is released; ``None``: nothing.
    why : str
        The reason, in the words of the person who decided.
    """
    head = (
        f"A person has decided on your complaint {number}: you are right."
        if granted
        else f"A person has decided on your complaint {number}: the block stays."
    )
    follows = (
        f"The next version of each list leaves {target} out. Wait some minutes, then try again."
        if granted
        else "You can still go to the court or authority that gave the order."
    )
    lines = [
        head,
        "The reason:",
        *(f"> {line}" for line in why.splitlines()),
        follows,
        "",
        "If you have not complained, somebody gave your address: nothing is asked of you.",
        "This mail was sent by a machine.",
    ]
    return _mail(
        sender=sender,
        to=to,
        at=at,
        message_id=message_id,
        subject=f"[{number}] The decision on your complaint",
        lines=lines,
    )


def _mail(
    *, sender: str, to: str, at: datetime, message_id: str, subject: str, lines: list[str]
) -> bytes:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = to
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = message_id
    mail["Subject"] = subject
    mail["Auto-Submitted"] = "auto-replied"
    mail.set_content("\n".join(lines) + "\n", cte="quoted-printable")
    return mail.as_bytes()
