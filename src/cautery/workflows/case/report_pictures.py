"""Stills in a report, while its page has room for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cautery.errors import DecodeError, EvidenceError, InputError
from cautery.messages import tr
from cautery.model import ExhibitId
from cautery.pages.case_report import reduced
from cautery.pages.case_report.view import Still

Reader = Callable[[ExhibitId], bytes]
_MOST_STILLS_BYTES = 4_000_000
"""Of pictures on one page: sixty streams at two stills of 20 kB take 2.4 MB of it."""


class Pictures:
    """Fetches and reduces stills while the page has room for them."""

    def __init__(self, read: Reader) -> None:
        self.read = read
        self._bytes_left = _MOST_STILLS_BYTES

    def show(self, exhibit: ExhibitId | None, at_s: float | None) -> Still | None:
        """Return a still, or why there is no picture of it; ``None``: none was sealed."""
        if exhibit is None:
            return None
        still = Still(exhibit=exhibit, uri=None, at_s=at_s)
        if self._bytes_left <= 0:
            return replace(
                still,
                missing=tr("not shown, to keep this page small; the sealed still is in the vault"),
            )
        try:
            uri = reduced(self.read(exhibit))
        except (EvidenceError, DecodeError, InputError) as error:
            return replace(
                still, missing=tr("the still cannot be shown: %(detail)s", detail=str(error))
            )
        self._bytes_left -= len(uri)
        return replace(still, uri=uri)
