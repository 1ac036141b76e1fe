"""JSON from strangers: whole documents in bounds, arrays object by object, NDJSON line by line."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from cautery.errors import SourceError
from cautery.watch._text import begin, markup_of, text_of, what_is, whole

_PIECE = 32_768
_LARGEST_OBJECT = 262_144
_LONGEST_LINE = 1_000_000
_MOST_BEFORE = 16_000_000
_LONGEST_BEGINNING = 64


def document(chunks: Iterable[bytes], *, wanted: str, most: int = 16_000_000) -> Any:
    """Read one JSON document whole.

    Raises
    ------
    SourceError
        If it is none, longer than ``most`` bytes or nested too deeply.
    """
    data = whole(chunks, most=most, wanted=wanted)
    if (found := what_is(data[:4096])) is not None:
        raise SourceError(f"not {wanted}: this is {found}")
    text = text_of(data)
    if (markup := markup_of(text)) in ("HTML", "XML"):
        raise SourceError(f"not {wanted}: this is {markup}")
    return parsed(text, wanted=wanted)


def parsed(text: str, *, wanted: str) -> Any:
    """Parse JSON text.

    Raises
    ------
    SourceError
        If it is none; what stands in it is not quoted, for it may be a password.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise SourceError(f"not {wanted}: no JSON ({error.msg} at {error.pos})") from None
    except RecursionError:
        raise SourceError(f"not {wanted}: JSON nested too deeply") from None
    except ValueError:
        raise SourceError(f"not {wanted}: JSON with an endless number") from None


def objects(
    chunks: Iterable[bytes],
    *,
    wanted: str,
    below: tuple[str, ...] = (),
    after: re.Pattern[str] | None = None,
    largest: int = _LARGEST_OBJECT,
) -> Iterator[Any]:
    """Yield the members of a JSON array, reading on only as needed.

    Parameters
    ----------
    below : tuple of str
        Names under which the array may stand in an object, the outermost first; such an answer
        is read whole.
    after : pattern or None
        What stands before the array in a document too large to be read whole: all up to the
        ``[`` at its end is skipped.
    largest : int
        Characters of one member; a longer one ends the reading.

    Raises
    ------
    SourceError
        If it is no such array, or breaks off; what stands before has been yielded.
    """
    head, stream = begin(chunks, wanted=wanted)
    start = head.lstrip()[:1]
    if after is None and start != b"[":
        if start == b"<":
            raise SourceError(f"not {wanted}: this is HTML")
        if start != b"{":
            raise SourceError(f"not {wanted}: no JSON array")
        body = document(stream, wanted=wanted)
        for name in below:
            body = body[name] if isinstance(body, dict) and name in body else body
        if isinstance(body, list):
            yield from body
        else:  # an error object, or one member for each key
            yield from (one for one in body.values() if isinstance(one, dict) and one)
        return
    decoder = json.JSONDecoder()
    text, at, opened, wait = "", 0, False, 0
    for piece in _in_pieces(stream):
        text = text[at:] + piece
        at = 0
        if after is not None:
            found = after.search(text, max(0, len(text) - len(piece) - _LONGEST_BEGINNING))
            if found is None:
                if len(text) > _MOST_BEFORE:
                    break
                continue
            after, at = None, found.end() - 1
        if len(text) < wait:
            continue  # a large member is parsed anew only when it has doubled
        while True:
            while at < len(text) and text[at] in " \t\r\n,[" and not (opened and text[at] == "["):
                opened = opened or text[at] == "["
                at += 1
            if at < len(text) and text[at] == "]":
                return
            try:
                one, end = decoder.raw_decode(text, at)
            except RecursionError:
                raise SourceError(f"{wanted}: nested too deeply") from None
            except ValueError as error:
                if len(text) - at > largest:
                    raise SourceError(f"{wanted}: broken JSON ({type(error).__name__})") from None
                break
            if end == len(text):
                break  # a number may go on in the next chunk
            yield one
            at = end
        wait = 2 * (len(text) - at)
    if after is not None:
        raise SourceError(f"not {wanted}: the list that it should have is not in it")
    yield from _last(decoder, text[at:], opened=opened, wanted=wanted)


def _last(decoder: json.JSONDecoder, text: str, *, opened: bool, wanted: str) -> Iterator[Any]:
    """Yield what was still waited for when the bytes ended."""
    at = 0
    while True:
        while at < len(text) and text[at] in " \t\r\n,[" and not (opened and text[at] == "["):
            opened = opened or text[at] == "["
            at += 1
        if text[at : at + 1] == "]":
            return
        try:
            one, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            raise SourceError(f"{wanted}: broken off or no JSON") from None
        yield one


def lines(chunks: Iterable[bytes], *, wanted: str) -> Iterator[tuple[int, Any, str]]:
    """Yield (line, value, problem) of NDJSON; a line that cannot be read is its text and why.

    Raises
    ------
    SourceError
        If the bytes are plainly something else.
    """
    head, stream = begin(chunks, wanted=wanted)
    if (markup := markup_of(text_of(head[:4096]))) in ("HTML", "XML"):
        raise SourceError(f"not {wanted}: this is {markup}")
    for number, line in _lines(stream):
        if line is None:
            yield number, "", f"a line of more than {_LONGEST_LINE} bytes"
            continue
        text = line.decode("utf-8", "replace").strip()
        if not text or text.startswith("#"):
            continue
        try:
            yield number, json.loads(text), ""
        except (ValueError, RecursionError):
            yield number, text[:200], "no JSON"


def _lines(stream: Iterable[bytes]) -> Iterator[tuple[int, bytes | None]]:
    kept, number, too_long = bytearray(), 0, False
    for chunk in stream:
        parts = chunk.split(b"\n")
        for index, part in enumerate(parts):
            if index:
                number += 1
                yield number, None if too_long else bytes(kept)
                kept.clear()
                too_long = False
            too_long = too_long or len(kept) + len(part) > _LONGEST_LINE
            if too_long:
                kept.clear()
            else:
                kept += part
    if kept or too_long:
        yield number + 1, None if too_long else bytes(kept)


def _in_pieces(stream: Iterable[bytes]) -> Iterator[str]:
    """Decode, and join crumbs: an object is parsed anew with each piece that it spans."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    kept: list[str] = []
    length = 0
    for chunk in stream:
        kept.append(decoder.decode(chunk))
        length += len(chunk)
        if length >= _PIECE:
            yield "".join(kept)
            kept, length = [], 0
    kept.append(decoder.decode(b"", final=True))
    yield "".join(kept)


def text_in(value: object, *, most: int = 1024) -> str | None:
    """Return text or a number as text; ``None`` for nothing, truths and structures."""
    if isinstance(value, bool) or value is None or not isinstance(value, str | int | float):
        return None
    try:
        return str(value).replace("\0", "").strip()[:most] or None
    except ValueError:  # more digits than Python prints
        return None


def number_in(value: object) -> int | None:
    """Return a whole number, also one written as text."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value if abs(value) < 2**63 else None
    if isinstance(value, float):
        return int(value) if abs(value) < 2**53 else None
    if isinstance(value, str):
        digits = value.strip()
        bare = digits.removeprefix("-")
        if bare.isascii() and bare.isdigit() and len(digits) < 19:
            return int(digits)
    return None


def truth_in(value: object) -> bool | None:
    """Return a truth, also one written as a number."""
    number = number_in(value)
    return None if number is None else number != 0


def epoch_in(value: object) -> datetime | None:
    """Return a moment given in seconds since 1970; zero and nonsense are how panels say unknown."""
    number = number_in(value)
    # 4102444800 is the year 2100.
    if number is None or not 0 < number < 4_102_444_800:
        return None
    return datetime.fromtimestamp(number, UTC)


def other_in(
    one: dict[str, Any], known: frozenset[str], *, most: int = 64
) -> tuple[tuple[str, str], ...]:
    """Return the fields that a reader does not know, as text, structures as JSON."""
    kept: list[tuple[str, str]] = []
    for name, value in one.items():
        if name in known or value in (None, "", [], {}):
            continue
        if len(kept) >= most:
            break
        said = (
            value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        )
        kept.append((str(name)[:100], said[:300]))
    return tuple(kept)
