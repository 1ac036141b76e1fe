"""Records of notices: drafted, approved, sent, answered, withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from cautery.model.act import Approval
from cautery.model.evidence import ExhibitId
from cautery.model.notice import Notice
from cautery.model.records.dated import Dated


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeApproved(Approval):
    """A person reviewed a notice and approves it; check the signature: a record proves nothing.

    Parameters
    ----------
    notice : str
        Id of the notice that the person was shown; the digest ``subject`` is what counts.
    """

    notice: str

    @classmethod
    def of(cls, notice: str, approval: Approval) -> NoticeApproved:
        """Return the record of an approval of a notice."""
        members = {member.name: getattr(approval, member.name) for member in fields(Approval)}
        return cls(notice=notice, **members)

    @property
    def approval(self) -> Approval:
        """The approval alone."""
        return Approval(**{member.name: getattr(self, member.name) for member in fields(Approval)})


class SendMeans(StrEnum):
    """How a notice is sent."""

    MAIL = "mail"
    API = "API"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSending(Dated):
    """A notice is about to be sent: until another record settles it, it may have left.

    Parameters
    ----------
    at : datetime
        When it was handed over first, in UTC.
    notice : str
        Id of the notice.
    means : SendMeans
        How it is sent.
    to : str
        The addressee's mail address, or the host of its API.
    message_id : str
        The Message-ID of the mail, or the id of the first report; what settles it names this.
    by : str
        Name of the person who sends it.
    exhibit : ExhibitId
        The mail or the reports as they are sent.
    reminder : bool
        Whether it is a reminder of a notice that was sent before.
    confirmed : mapping of str to str
        Rules of law that the sender confirms with this sending, each with the source.
    """

    notice: str
    means: SendMeans
    to: str
    message_id: str
    by: str
    exhibit: ExhibitId
    reminder: bool = False
    confirmed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeUnsent(Dated):
    """A notice that was about to be sent was not: a server refused it, or a person has looked.

    Parameters
    ----------
    notice : str
        Id of the notice.
    message_id : str
        As in the record that it was about to be sent.
    by : str or None
        The person who found that it did not arrive; ``None``: the server refused it.
    """

    notice: str
    message_id: str
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeSent(Dated):
    """The addressee's server, or your own mail server, accepted a notice.

    Parameters
    ----------
    at : datetime
        When it was accepted, in UTC; where a person settled it, when it was handed over.
    notice : str
        Id of the notice.
    means : SendMeans
        How it was sent.
    to : str
        The addressee's mail address, or the host of its API.
    message_id : str
        The Message-ID of the mail, or the id that the API gave; a reply names it.
    by : str
        Name of the person who sent it.
    exhibit : ExhibitId
        The mail or the report as it was sent.
    reminder : bool
        Whether it is a reminder of a notice that was sent before.
    tries : int
        Number of tries that it took.
    settled_by : str or None
        The person who found that it had left, after the program that sent it was cut off before it
        could record that; ``None``: the server's answer was recorded.
    """

    notice: str
    means: SendMeans
    to: str
    message_id: str
    by: str
    exhibit: ExhibitId
    reminder: bool = False
    tries: int = 1
    settled_by: str | None = None


class AnswerKind(StrEnum):
    """What a reply says, as far as a machine or the person who filed it can tell."""

    ANSWER = "answer"
    """A text that nobody has read yet."""
    AUTOMATIC = "automatic reply"
    BOUNCE = "bounce"
    """It says that the notice could not be delivered."""
    RECEIPT = "receipt"
    """The addressee confirms that it has the notice."""
    ACTED = "acted on"
    """The addressee says that it acted."""
    REJECTED = "rejected"
    """The addressee says that it does not act."""
    UNFOUNDED = "manifestly unfounded"
    """The addressee says that the notice is manifestly unfounded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeAnswered(Dated):
    """A reply was filed. It is a claim: anybody can write a mail, and no reply closes a notice.

    Parameters
    ----------
    at : datetime
        When it was filed, in UTC.
    notice : str or None
        Id of the notice that it names; ``None``: it names none of this case.
    what : AnswerKind
        What it says.
    by : str or None
        Who read it and says so; ``None``: its form alone was looked at.
    domain : str or None
        The domain of its sender, as it claims; ``None``: it states none.
    names_message : bool
        Whether it names the Message-ID of the notice, which only who got the notice knows.
    mail : str
        Keyed hash of the mail, by which the same one is not filed twice.
    exhibit : ExhibitId
        The mail, sealed encrypted.
    """

    notice: str | None
    what: AnswerKind
    by: str | None
    domain: str | None
    names_message: bool
    mail: str
    exhibit: ExhibitId


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeWithdrawn(Dated):
    """A notice is withdrawn: it is sent no more, and no reminder follows.

    Parameters
    ----------
    notice : str
        Id of the notice.
    by : str
        Name of the person who withdraws it.
    why : str
        The reason, in that person's words.
    """

    notice: str
    by: str
    why: str


KINDS: dict[str, type] = {
    "notice.drafted": Notice,
    "notice.approved": NoticeApproved,
    "notice.sending": NoticeSending,
    "notice.unsent": NoticeUnsent,
    "notice.sent": NoticeSent,
    "notice.answered": NoticeAnswered,
    "notice.withdrawn": NoticeWithdrawn,
}
