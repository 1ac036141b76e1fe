"""A form with a file, read as it comes (RFC 7578): its fields in their order, then the file.

The room's own page says which fields there are and in which order, so a form that has others is
none of the room's. The name that a file had on the telephone is not read: it may name somebody.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive

from cautery.errors import InputError
from cautery.messages import tr

FILES = "multipart/form-data"
UPLOAD_S = 300.0
"""In which a form must have come. Judgement: 20 MiB from a cellar, at half a megabit a second."""
_BOUNDARY = re.compile(r'multipart/form-data\s*;\s*boundary="?([0-9A-Za-z\'()+_,./:=?-]{1,70})"?')
_NAME = re.compile(r'content-disposition:\s*form-data\s*;\s*name="([a-z]{1,20})"', re.IGNORECASE)
_MOST_HEAD = 2_048
"""Bytes before the content of a field."""


class FilesForm:
    """A form with a file.

    Raises
    ------
    InputError
        If its head does not say that it is one.
    """

    def __init__(self, request: Request) -> None:
        match = _BOUNDARY.fullmatch(request.headers.get("content-type", ""))
        if match is None:
            raise _unreadable()
        self._mark = b"\r\n--" + match[1].encode()
        self._coming = aiter(request.stream())
        self._unread = b"\r\n"  # the first mark stands at the beginning, without a line before it
        self._begun = False

    async def text(self, name: str, *, most: int) -> str:
        """Return the next field, of so many bytes at most.

        Raises
        ------
        InputError
            If another one comes, it is longer, or no text.
        """
        content = b""
        async for piece in self._field(name):
            content += piece
            if len(content) > most:
                raise _unreadable()
        try:
            return content.decode()
        except UnicodeDecodeError as error:
            raise _unreadable() from error

    async def file(self, name: str) -> AsyncIterator[bytes]:
        """Yield the pieces of the file, which is the last field.

        Raises
        ------
        InputError
            If another field comes, or it does not come whole.
        """
        async for piece in self._field(name):
            yield piece
        if not (await self._until(4)).startswith(b"--\r\n"):
            raise _unreadable()

    async def _field(self, name: str) -> AsyncIterator[bytes]:
        if not self._begun:
            self._begun = True
            async for _ in self._before_mark():
                raise _unreadable()
        match = _NAME.search(await self._head())
        if match is None or match[1] != name:
            raise _unreadable()
        async for piece in self._before_mark():
            yield piece

    async def _head(self) -> str:
        """Return what stands between a mark and the content of its field."""
        while b"\r\n\r\n" not in self._unread:
            if len(self._unread) > _MOST_HEAD:
                raise _unreadable()
            await self._more()
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        if len(head) > _MOST_HEAD or not head.startswith(b"\r\n"):
            raise _unreadable()
        return head.decode("utf-8", "replace")

    async def _before_mark(self) -> AsyncIterator[bytes]:
        """Yield what comes before the next mark, and pass the mark."""
        while True:
            place = self._unread.find(self._mark)
            if place >= 0:
                content, self._unread = (
                    self._unread[:place],
                    self._unread[place + len(self._mark) :],
                )
                if content:
                    yield content
                return
            sure = len(self._unread) - len(self._mark) + 1
            if sure > 0:
                content, self._unread = self._unread[:sure], self._unread[sure:]
                yield content
            await self._more()

    async def _until(self, size: int) -> bytes:
        while len(self._unread) < size:
            await self._more()
        return self._unread

    async def _more(self) -> None:
        try:
            piece = await anext(self._coming)
        except (StopAsyncIteration, ClientDisconnect) as error:
            raise _unreadable() from error
        self._unread += piece


async def no_body() -> Message:
    """Say that a form is empty, to who only asks from whom it comes."""
    return {"type": "http.request", "body": b"", "more_body": False}


def bounded(receive: Receive, length: int) -> Receive:
    """Return what hands on a form as it comes: as long as it says, and not for ever.

    It raises InputError where a form breaks that.
    """
    left, until = length, asyncio.get_running_loop().time() + UPLOAD_S

    async def handing() -> Message:
        nonlocal left
        try:
            async with asyncio.timeout_at(until):
                message = await receive()
        except TimeoutError as error:
            words = tr("A photograph comes whole within %(count)s s.", count=f"{UPLOAD_S:.0f}")
            raise InputError(words) from error
        left -= len(message.get("body", b""))
        if left < 0:
            raise _unreadable()
        return message

    return handing


def _unreadable() -> InputError:
    return InputError(tr("This form cannot be read."))
