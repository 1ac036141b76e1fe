"""The page of one stream: as in the report, with its media to play, and what is in doubt."""

from __future__ import annotations

import base64
from dataclasses import replace

from cautery.errors import AbsentError, EvidenceError
from cautery.identify.decide import LEAST_LOG10_LR
from cautery.messages import tr
from cautery.model import ExhibitId, RedactedUrl
from cautery.model.records import StreamAppeared, kind_of_type
from cautery.pages.case_report import Still
from cautery.pages.case_report.render import names_of
from cautery.pages.room.verdict import VerdictView
from cautery.workflows.browse.doubts import changes_of
from cautery.workflows.browse.heads import head_of
from cautery.workflows.browse.kept import Cases, stream_of
from cautery.workflows.browse.media import player_of
from cautery.workflows.browse.streams import stream_read
from cautery.workflows.browse.times import times_of
from cautery.workflows.case.report_pictures import Pictures
from cautery.workflows.case.report_view import stream_view

_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_STILL_BYTES = 4 << 20


def verdict_view(cases: Cases, id: str, number: int) -> VerdictView:
    """Return the page of a stream.

    Raises
    ------
    AbsentError
        If there is no such case or stream.
    """
    with cases.case(id) as case:
        line = stream_of(case, number)
        head = head_of(case, now=cases.clock.now())
        if head.mandate is None or head.last_at is None:
            raise AbsentError(tr("The case %(case)s stands under no mandate.", case=id))
        read = stream_read(case, line)
        times, known = times_of(case, read.sealings)
        shown = stream_view(
            number,
            read.state,
            read.records,
            head.last_at,
            AsSealed(case.vault.read),
            times=times,
            known=known if times.moments else (),
        )
        player, silent = player_of(case, line.url)
        stated = read.records.stated
        return VerdictView(
            head=head,
            stream=shown,
            names=names_of(head.mandate),
            streams=case.lists().counts().streams,
            left_out=read.left_out,
            record=line.verdict,
            offered=None
            if line.first_seen is None
            else stated.get((read.state.url, kind_of_type(StreamAppeared), line.first_seen)),
            player=player,
            silent=silent,
            changes=changes_of(read.state, head.mandate),
            least_log10_lr=LEAST_LOG10_LR,
            vouched=bool(shown.brackets),
        )


class AsSealed(Pictures):
    """Shows stills as they were sealed: the browser decodes them, and never this process."""

    def show(self, exhibit: ExhibitId | None, at_s: float | None) -> Still | None:
        """Return a still, or why there is no picture of it; ``None``: none was sealed."""
        if exhibit is None:
            return None
        still = Still(exhibit=exhibit, uri=None, at_s=at_s)
        try:
            content = self.read(exhibit)
        except EvidenceError as error:
            return replace(still, missing=str(error))
        if not content.startswith(_PNG) or len(content) > _MOST_STILL_BYTES:
            return replace(still, missing=tr("The sealed still is no PNG, or is too large."))
        encoded = base64.b64encode(content).decode("ascii")
        return replace(still, uri=f"data:image/png;base64,{encoded}")


def number_of(cases: Cases, id: str, index: int) -> int:
    """Return the number of the stream that a record is about.

    Raises
    ------
    AbsentError
        If there is no such case or record, or it is about no stream.
    """
    with cases.case(id) as case:
        url = next(
            (getattr(entry.content, "url", None) for entry in case.ledger.pick((index,))), None
        )
        url = url.text if isinstance(url, RedactedUrl) else url
        streams = case.lists().streams_of([url]) if isinstance(url, str) else (None,)
        if streams[0] is None:
            case.require_all()
    if streams[0] is None:
        raise AbsentError(f"Record {index} of the case {id} is about no stream.")
    return streams[0].number
