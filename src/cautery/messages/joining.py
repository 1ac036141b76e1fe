"""Several sentences of a record as one message."""

from __future__ import annotations

from collections.abc import Iterable

from cautery.messages.catalogue import message
from cautery.model.message import Message


def joined(sentences: Iterable[Message]) -> Message | None:
    """Return one message of several, which a semicolon parts; of one, itself; of none, ``None``.

    Examples
    --------
    >>> from cautery.messages import say
    >>> say(joined([message("offer.every-word"), message("offer.by-group", country="ES")]))
    'every word matches; ES by its group'
    """
    parts = tuple(sentences)
    if len(parts) < 2:
        return parts[0] if parts else None
    return message("several.sentences", sentences=parts)
