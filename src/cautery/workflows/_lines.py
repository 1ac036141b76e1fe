"""Chunks of bytes to lines of text, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def lines_of(chunks: Iterable[bytes], *, longest: int) -> Iterator[str]:
    r"""Yield lines with their ends, as UTF-8; what is none becomes the replacement character.

    Parameters
    ----------
    longest : int
        Bytes of a line that are read; the rest of a longer one is skipped.

    Examples
    --------
    >>> list(lines_of([b"a\nb", b"bbbb\r\nc"], longest=3))
    ['a\n', 'bbb\n', 'c\n']
    """
    kept = bytearray()
    for chunk in chunks:
        *ended, rest = chunk.split(b"\n")
        for part in ended:
            kept += part[: longest - len(kept)]
            yield _text(kept)
            kept.clear()
        kept += rest[: longest - len(kept)]
    if kept:
        yield _text(kept)


def _text(line: bytearray) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "replace").removeprefix("\ufeff") + "\n"
