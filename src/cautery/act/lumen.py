"""Sent notices in the form of the Lumen API, which publishes and studies requests to remove.

Format: ``POST https://lumendatabase.org/notices`` with ``{"notice": {...}}``, as the API of the
Lumen Database (github.com/berkmancenter/lumendatabase) takes it. The token of the account, and the
sending, are left to the person: Lumen publishes what it gets.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cautery.model import Notice

_TAGS = "live re-broadcast, automated draft, reviewed by a person"


def lumen_notice(
    notice: Notice, *, sent_at: datetime, event_name: str | None, approvers: Sequence[str]
) -> dict[str, Any]:
    """Return a notice that was sent, as Lumen takes it: with its URLs, without mail addresses.

    Parameters
    ----------
    event_name : str or None
        Name of the event; ``None``: it is about a channel or a work.
    approvers : sequence of str
        Roles of those who reviewed it; their names stay here.
    """
    what = event_name or "a channel, film or series"
    return {
        "notice": {
            "title": f"Notice about {what} to {notice.addressee.name}",
            "type": "Other",
            "subject": notice.legal_basis,
            "body": f"{notice.form}. Reviewed by: {', '.join(approvers) or 'nobody'}.",
            "date_sent": f"{sent_at:%Y-%m-%d}",
            "source": "email",
            "language": "en",
            "tag_list": _TAGS,
            "works_attributes": [
                {
                    "kind": "broadcast" if event_name else "video",
                    "description": what,
                    "infringing_urls_attributes": [{"url": url.url} for url in notice.urls],
                }
            ],
            "entity_notice_roles_attributes": [
                {"name": role, "entity_attributes": {"name": name, "kind": "organization"}}
                for role, name in (
                    ("sender", notice.notifier),
                    ("principal", notice.notifier),
                    ("recipient", notice.addressee.name),
                )
            ],
        }
    }
