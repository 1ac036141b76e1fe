"""The file that lists the exhibits of each claim, so that the document itself stays short."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from cautery.messages import say
from cautery.model.times import iso
from cautery.pages.case_report.view import StreamView

EXHIBITS = "exhibits.csv"
_COLUMNS = ("claim", "url", "what", "sha256", "bytes", "sealed_by_this_clock", "not_after")


def exhibit_list(proven: Iterable[StreamView]) -> bytes:
    """Return a line for each exhibit of some streams, in the order of their claims; CSV (RFC 4180).

    Bytes have a *not after* only: by then others had seen a root over the record that seals them.
    When they were captured is a claim of the machine's clock.
    """
    lines = [
        (
            number,
            stream.url,
            say(line.what),
            line.exhibit.removeprefix("sha256:"),
            "" if line.size is None else line.size,
            "" if line.sealed_at is None else iso(line.sealed_at),
            "" if line.not_after is None else iso(line.not_after),
        )
        for number, stream in enumerate(proven, start=1)
        for line in stream.sealed
    ]
    if not lines:
        return b""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([_COLUMNS, *lines])
    return out.getvalue().encode()
