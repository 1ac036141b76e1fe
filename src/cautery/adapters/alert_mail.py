"""Alerts by mail, through our mail server.

Reaches: the mail server that the sender's file of settings names, and nothing else.
Lawful basis: none is needed for what is sent: a rule, a case's name, a number and a link.
Manners: those of :mod:`cautery.adapters.smtp`; machines are asked not to answer.
Format: RFC 5322; RFC 3834 (``Auto-Submitted``).
"""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from cautery.adapters.smtp import SmtpPostbox
from cautery.errors import InputError
from cautery.model.alert import Alert


class AlertMail:
    """One receiver (port :class:`~cautery.workflows.alerts.ports.Way`).

    Parameters
    ----------
    postbox : SmtpPostbox
        Which tries once.
    to : str
        A mail address.
    """

    def __init__(self, name: str, postbox: SmtpPostbox, to: str) -> None:
        self.name = name
        self._postbox, self._to = postbox, to

    async def send(self, alert: Alert) -> None:
        """Hand a mail over, once.

        Raises
        ------
        RefusedError
            If the server refuses this receiver or this mail for good.
        SourceError
            If it was not taken now.
        """
        mail = mail_of(alert, sender=self._postbox.sender, to=self._to)
        await self._postbox.send(self._postbox.signed(mail), to=self._to)


def mail_of(alert: Alert, *, sender: str, to: str) -> bytes:
    """Return an alert as a mail; each try is the same one to who reads mail.

    Raises
    ------
    InputError
        If an address cannot stand in a mail.
    """
    mail = EmailMessage(policy=SMTP)
    try:
        mail["From"], mail["To"] = sender, to
        mail["Subject"] = f"Cautery: {alert.text}"
        mail["Date"] = format_datetime(alert.at)
        mail["Message-ID"] = f"<alert-{alert.id}@{sender.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
    except ValueError as error:
        raise InputError("the addresses of this mail cannot stand in a mail") from error
    mail.set_content(f"{alert.text}\n\n{alert.link}\n")
    return mail.as_bytes()
