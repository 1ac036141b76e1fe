"""Read the media of a file or pipe, packed or not, part by part."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from pathlib import Path

from cautery.model import Decoded
from cautery.model.ports import Decoder
from cautery.packed import as_plain_file

PART_S = 60.0
"""Media seconds that are in memory at a time."""


async def media_of(path: Path, decoder: Decoder) -> AsyncGenerator[Decoded, None]:
    """Yield the sound and pictures of a file, or of what is piped in where it is ``-``.

    Raises
    ------
    InputError
        If it is no ordinary file that can be read, or unpacks to more than there is room for.
    DecodeError
        As the decoder says.
    """
    with ExitStack() as stack:
        plain = await asyncio.to_thread(stack.enter_context, as_plain_file(path))
        async with aclosing(decoder.parts(plain, pictures=True, part_s=PART_S)) as parts:
            async for part in parts:
                yield part
