"""Screen once more what strangers may have said, wherever in a record it stands."""

from __future__ import annotations

from typing import Any

from cautery.formats import redacted_text
from cautery.model import Pseudonyms
from cautery.model.own_secrets import OwnSecrets
from cautery.model.whole_text import whole_text

_OF_STRANGERS = frozenset(
    ("title", "channel_name", "failed", "message", "why", "reason", "reasons", "said", "quoted",
     "text", "subject", "issuer", "registrar", "organisation", "brand", "differences", "words")
)  # fmt: skip
"""Where a record holds what a server, a list, a page or a provider said."""


def screened(
    value: Any,
    secrets: OwnSecrets,
    pseudonyms: Pseudonyms,
    *,
    by_stranger: bool = False,
    is_ours: bool = False,
) -> Any:
    """Return a record's body without our secrets and, where strangers speak, personal data.

    A mandate is no stranger's text: its signatures cover the title of a work, which must stay as it
    is.

    Parameters
    ----------
    by_stranger : bool
        Whether a stranger said it.
    is_ours : bool
        Whether it is a mandate's, or in one.
    """

    def within(item: Any, *, by_stranger: bool, is_ours: bool = False) -> Any:
        return screened(item, secrets, pseudonyms, by_stranger=by_stranger, is_ours=is_ours)

    if isinstance(value, dict) and by_stranger and value.keys() == {"id", "values"}:
        values = value["values"]  # of a message: strangers' words are among them
        if isinstance(values, dict):
            values = {
                whole_text(name): within(item, by_stranger=True) for name, item in values.items()
            }
        return {"id": within(value["id"], by_stranger=True), "values": values}
    if isinstance(value, dict):
        return {
            whole_text(name): within(
                item,
                by_stranger=name in _OF_STRANGERS and not is_ours,
                is_ours=is_ours or name == "mandate",
            )
            if not isinstance(item, int | float)
            else item
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [within(item, by_stranger=by_stranger, is_ours=is_ours) for item in value]
    if isinstance(value, str):
        value = secrets.scrubbed(whole_text(value))
        return redacted_text(value, pseudonyms, kind="message") if by_stranger else value
    return value
