"""A complaint about a block, as somebody sends it in: within bounds, and with no more than needed.

It comes by the form of the public face, as JSON, or as a mail. Whoever complains gets a token; its
digest gives the complaint's number, so that the number says nothing of the token.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from cautery.act.lint_notice import is_mail
from cautery.act.referral_text import is_target
from cautery.canonical import canonical
from cautery.errors import InputError
from cautery.json_text import parsed_json
from cautery.model import Lever, require_utc
from cautery.model.times import iso, to_utc

MOST_TEXT = 4_000
"""Characters of a complaint's text. Judgement: two pages."""
MOST_BYTES = 65_536
_LONGEST_MAIL = 254
"""A path has at most 256 octets with its angle brackets (RFC 5321, 4.5.3.1.3)."""
_TOKEN = re.compile(r"[0-9a-f]{32}")
_NUMBER = re.compile(r"C-[0-9a-f]{12}")


class RefusedComplaintError(InputError):
    """A complaint is refused; ``rule`` is the id of the rule that it breaks."""

    def __init__(self, rule: str, why: str) -> None:
        super().__init__(f"{rule}: {why}")
        self.rule = rule
        self.why = why


class Standing(StrEnum):
    """Who complains."""

    OWNER = "owner"
    """The name, the address or what is behind it is theirs."""
    USER = "user"
    """They want to reach it."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """A complaint as it was sent in.

    Parameters
    ----------
    number : str
        Its number: ``C-`` and 12 hex digits.
    target : str
        The name or address, as a list spells it.
    standing : Standing
        Who complains.
    text : str
        What they say.
    mail : str or None
        Where they want an answer; ``None``: they look at the page of their complaint.
    at : datetime
        When it came in, in UTC.
    """

    number: str
    target: str
    standing: Standing
    text: str
    mail: str | None
    at: datetime

    def __post_init__(self) -> None:
        require_utc("at", self.at)

    def body(self) -> bytes:
        """Return it as JSON."""
        return canonical({**asdict(self), "standing": self.standing.value, "at": iso(self.at)})


def number_of(token: str) -> str:
    """Return the number of the complaint whose token this is."""
    return "C-" + hashlib.sha256(token.encode()).hexdigest()[:12]


def is_token(text: str) -> bool:
    """Tell whether a text has the form of a token."""
    return _TOKEN.fullmatch(text) is not None


def is_number(text: str) -> bool:
    """Tell whether a text has the form of a complaint's number."""
    return _NUMBER.fullmatch(text) is not None


def complaint_of(
    *, number: str, target: str, standing: str, text: str, mail: str, at: datetime
) -> Complaint:
    """Return a complaint, checked.

    Raises
    ------
    RefusedComplaintError
        If it breaks a rule: ``form``, ``target``, ``standing``, ``text``, ``too-long``, ``mail``.
    """
    if not is_number(number):
        raise RefusedComplaintError("form", "it has no number")
    if not (is_target(Lever.NAME, target) or is_target(Lever.ADDRESS, target)):
        raise RefusedComplaintError("target", "it names neither a name nor an address")
    if standing not in tuple(Standing):
        raise RefusedComplaintError("standing", "it does not say who complains")
    plain = "".join(
        letter if letter.isprintable() or letter in "\n\t" else " " for letter in text
    ).strip()
    if not plain:
        raise RefusedComplaintError("text", "it does not say what is wrong")
    if len(text) > MOST_TEXT:
        raise RefusedComplaintError("too-long", f"its text has more than {MOST_TEXT} characters")
    if mail and (len(mail) > _LONGEST_MAIL or not is_mail(mail)):
        raise RefusedComplaintError("mail", "this is not a mail address")
    return Complaint(
        number=number,
        target=target,
        standing=Standing(standing),
        text=plain,
        mail=mail or None,
        at=at,
    )


def read_complaint(body: bytes) -> Complaint:
    """Read a complaint that the public face wrote.

    Raises
    ------
    RefusedComplaintError
        If it breaks a rule.
    """
    if len(body) > MOST_BYTES:
        raise RefusedComplaintError("too-long", f"over {MOST_BYTES} bytes")
    try:
        fields: Any = parsed_json(body)
        texts = {name: fields[name] for name in ("number", "target", "standing", "text")}
        mail, at = fields.get("mail"), to_utc("at", datetime.fromisoformat(fields["at"]))
    except (ValueError, KeyError, TypeError, AttributeError, InputError) as error:
        raise RefusedComplaintError("form", "it is not a complaint") from error
    if not all(isinstance(text, str) for text in (*texts.values(), mail or "")):
        raise RefusedComplaintError("form", "it is not a complaint")
    return complaint_of(**texts, mail=mail or "", at=at)
