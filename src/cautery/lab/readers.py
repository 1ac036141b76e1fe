"""Readers that work in this process: for tests and benches whose bytes are their own.

Examples
--------
>>> import asyncio
>>> from cautery.formats.jobs import pages_in
>>> body = b'{"js": {"total_items": "40", "max_page_items": 14}}'
>>> asyncio.run(pages_in(body, readers=ReadersHere()))
3
"""

from __future__ import annotations

from typing import Any

from cautery.formats import jobs
from cautery.workflows.watch.sources import jobs as watch_jobs


class ReadersHere:
    """Fulfils :class:`cautery.model.ports.Readers`; what is packed is unpacked as from a child."""

    async def read(self, job: str, asked: Any, data: bytes) -> bytes:
        """Do a job."""
        return {**jobs.JOBS, **watch_jobs.JOBS}[job](asked, data)
