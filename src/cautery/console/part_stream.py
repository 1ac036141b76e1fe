"""The stream of events of a page whose parts are sent anew when they are others than before."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import StreamingResponse

from cautery.console.desk import Desk
from cautery.console.live import MOST_STREAMS
from cautery.errors import CauteryError

_RETRY_MS = 1_000
_DIGITS = 12
"""Of a digest as a number that browsers keep exactly."""


def digest_of_parts(html: str) -> str:
    """Return what stands for parts of a page in its stream: how often they change tells nothing."""
    return str(int(hashlib.sha256(html.encode()).hexdigest()[:_DIGITS], 16))


async def part_stream(
    desk: Desk, request: Request, path: Path, made: Callable[[int], str], *, last: str
) -> StreamingResponse:
    """Return the stream of a page's parts, for as long as who asks may see them.

    Parameters
    ----------
    path : Path
        The case.
    made : callable
        Returns the parts as HTML for a size of the ledger. It is called once before the stream
        begins, so that it refuses as the page does.
    last : str
        Digest of the parts that the page has.

    Raises
    ------
    CauteryError
        As ``made`` does.
    HTTPException
        If too many pages are live.
    """
    await run_in_threadpool(made, 0)
    if desk.live.streams >= MOST_STREAMS:
        raise HTTPException(503)
    known = request.headers.get("last-event-id", "") or last

    async def messages() -> AsyncIterator[str]:
        shown = known
        yield f"retry: {_RETRY_MS}\n\n"
        async for size in desk.live.changes(path, since=0):
            if not await run_in_threadpool(desk.still, request):
                return
            try:
                html = await run_in_threadpool(made, size)
            except CauteryError:  # the page itself says why, when it is loaded again
                return
            if (digest := digest_of_parts(html)) == shown:
                continue
            shown = digest
            told = desk.told(request, html)
            lines = "".join(f"data: {line}\n" for line in told.splitlines() if line.strip())
            yield f"id: {digest}\nevent: parts\n{lines}\n"

    return StreamingResponse(messages(), media_type="text/event-stream")
