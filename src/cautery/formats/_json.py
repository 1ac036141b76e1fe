"""JSON from strangers: whole documents in bounds, arrays object by object, NDJSON line by line."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from cautery.errors import SourceError
from cautery.formats._text import begin, markup_of, text_of, what_is, whole
from cautery.json_text import parsed_json
from cautery.messages import message
from cautery.model.message import Message
from cautery.model.whole_text import whole_text

_PIECE = 32_768
_LARGEST_OBJECT = 262_144
_LONGEST_LINE = 1_000_000
_READ_CHARACTERS = 4_096
"""Characters that are held though they have been read."""
_MOST_BEFORE = 16_000_000
"""Characters before the array is found; they are held until then."""
_LONGEST_BEGINNING = 64
"""Characters looked at again: what announces the array may be cut between two pieces."""
_LONGEST_END = 130
"""As far as :data:`_NEXT` can reach back: a brace, a comma and 64 blanks on either side."""
_LONGEST_WORD = 16
"""Characters of a number, a literal or an escape that may be cut where a chunk ends."""
_NEXT = re.compile(r"\}\s{0,64},\s{0,64}(?=\{)")
_VALUE = ("{", "[", '"', "t", "f", "n", "-", *"0123456789", "N", "I")
"""What a value begins with: to try and refuse a line costs ten times more than to look."""
_NOTHING = (b"false", b"null", b'""', b"0")
"""What PHP writes where a list is empty."""
_DECODER = json.JSONDecoder(strict=False)
"""Line breaks and tabs in a string are no reason to lose it."""


class Broken(str):
    """Text in the place of a member that is not valid JSON; the reading continues after it."""

    __slots__ = ()


def document(chunks: Iterable[bytes], *, expected_format: str, most_bytes: int = 16_000_000) -> Any:
    """Read one JSON document whole.

    Raises
    ------
    SourceError
        If it is not JSON, longer than ``most_bytes`` or nested too deeply.
    """
    data = whole(chunks, most_bytes=most_bytes, expected_format=expected_format)
    if (kind := what_is(data[:4096])) is not None:
        raise SourceError(f"not {expected_format}: this is {kind}")
    text = text_of(data)
    if (markup := markup_of(text)) in ("HTML", "XML"):
        raise SourceError(f"not {expected_format}: this is {markup}")
    return parsed(text, expected_format=expected_format)


def parsed(text: str, *, expected_format: str) -> Any:
    """Parse JSON text.

    Raises
    ------
    SourceError
        If it is not valid; what stands in it is not quoted, for it may be a password.
    """
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise SourceError(
            f"not {expected_format}: not valid JSON ({error.msg} at {error.pos})"
        ) from None
    except RecursionError:
        raise SourceError(f"not {expected_format}: JSON nested too deeply") from None
    except ValueError:
        raise SourceError(f"not {expected_format}: JSON with a number that is too long") from None


def objects(
    chunks: Iterable[bytes],
    *,
    expected_format: str,
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

    Notes
    -----
    A member that is no JSON is yielded as :class:`Broken`, and the reading goes on at the next
    object that follows another.
    """
    head, stream = begin(chunks, expected_format=expected_format)
    start = head.lstrip()[:1]
    if after is None and start != b"[":
        if start == b"<":
            raise SourceError(f"not {expected_format}: this is HTML")
        if head.strip() in _NOTHING:
            return
        if start != b"{":
            raise SourceError(f"not {expected_format}: it is not a JSON array")
        answer = document(stream, expected_format=expected_format)
        for name in below:
            answer = answer[name] if isinstance(answer, dict) and name in answer else answer
        if isinstance(answer, list):
            yield from answer
        elif isinstance(answer, dict):  # an error object, or one member for each key
            yield from (member for member in answer.values() if isinstance(member, dict) and member)
        return
    members = _Members(expected_format=expected_format, largest=largest)
    pieces: list[str] = []
    wait = length = 0
    for piece in chain(_in_pieces(stream), ("",)):
        pieces.append(piece)
        length += len(piece)
        if piece and length < wait:
            continue  # a large member is joined and parsed anew only when it has doubled
        members.text = members.text[members.at :] + "".join(pieces)
        members.at, pieces, length = 0, [], 0
        if after is not None:
            text = members.text
            match = after.search(text, max(0, len(text) - len(piece) - _LONGEST_BEGINNING))
            if match is None:
                if len(text) > _MOST_BEFORE:
                    break
                continue
            after, members.at = None, match.end() - 1
        yield from members.ready(last=False)
        if members.closed:
            return
        wait = len(members.text) - members.at
    if after is not None:
        raise SourceError(f"not {expected_format}: it lacks the expected list")
    yield from members.ready(last=True)


def listed_in(
    chunks: Iterable[bytes], name: str, *, expected_format: str, most_bytes: int = 16_000_000
) -> Iterator[Any]:
    """Yield the members of an array in an object; of a broken object those that can be read.

    Raises
    ------
    SourceError
        If there is none, or it breaks off; what stands before has been yielded.
    """
    data = whole(chunks, most_bytes=most_bytes, expected_format=expected_format)
    begins = re.compile(rf'(?<!\\)"{re.escape(name)}"\s{{0,8}}:\s{{0,8}}\[')
    try:
        yield from list(objects([data], expected_format=expected_format, below=(name,)))
        return
    except SourceError:
        if begins.search(text_of(data)) is None:
            raise
    yield from objects([data], expected_format=expected_format, after=begins)


@dataclass(slots=True)
class _Members:
    """The text of an array that is held, and how far it has been read."""

    expected_format: str
    largest: int
    text: str = ""
    at: int = 0
    opened: bool = False
    closed: bool = False
    lost: bool = False
    """In a broken member whose end has not been seen."""

    def ready(self, *, last: bool) -> Iterator[Any]:
        """Yield the members that stand in the text whole.

        Raises
        ------
        SourceError
            If it is the last text, and ends before the array.
        """
        while self._at_member():
            if self.at > _READ_CHARACTERS:
                # The parser's errors count the lines before them.
                self.text, self.at = self.text[self.at :], 0
            if self.lost:
                if not self._found_next(last=last):
                    return
                continue
            try:
                value, end = _DECODER.raw_decode(self.text, self.at)
            except (ValueError, RecursionError) as error:
                too_long = len(self.text) - self.at > self.largest
                if not last and not too_long and not _is_broken(error, self.text):
                    return
                begins = self.at
                if self._found_next(last=last) or too_long:
                    ends = self.at if self.at > begins else len(self.text)
                    yield Broken(self.text[begins:ends].rstrip(", \t\r\n")[:200])
                    self.lost = self.at == begins
                    continue
                return
            if end == len(self.text) and not last:
                return  # a number may go on in the next chunk
            yield value
            self.at = end
        if last and not self.closed:
            raise SourceError(f"{self.expected_format}: incomplete, or not valid JSON")

    def _at_member(self) -> bool:
        """Go on to where a member begins; false at the end of the array or of the text."""
        text = self.text
        while self.at < len(text) and text[self.at] in " \t\r\n,[":
            if text[self.at] == "[":
                if self.opened:
                    break
                self.opened = True
            self.at += 1
        self.closed = not self.lost and text.startswith("]", self.at)
        return self.at < len(text) and not self.closed

    def _found_next(self, *, last: bool) -> bool:
        """Go on to the object after a broken member, if it stands in the text."""
        match = _NEXT.search(self.text, self.at)
        if match is not None:
            self.at, self.lost = match.end(), False
            return True
        if last:
            raise SourceError(f"{self.expected_format}: incomplete, or not valid JSON")
        if self.lost:
            self.at = max(self.at, len(self.text) - _LONGEST_END)
        return False


def _is_broken(error: Exception, text: str) -> bool:
    """Tell whether a member cannot be mended by the text that is still to come."""
    return (
        isinstance(error, json.JSONDecodeError)
        and not error.msg.startswith("Unterminated string")
        and error.pos < len(text) - _LONGEST_WORD
    )


def lines(
    chunks: Iterable[bytes], *, expected_format: str
) -> Iterator[tuple[int, Any, Message | None]]:
    """Yield (line, value, problem) of NDJSON; a line that cannot be read is its text and why.

    Raises
    ------
    SourceError
        If the bytes are plainly something else.
    """
    head, stream = begin(chunks, expected_format=expected_format)
    if (markup := markup_of(text_of(head[:4096]))) in ("HTML", "XML"):
        raise SourceError(f"not {expected_format}: this is {markup}")
    for number, line in _lines(stream):
        if line is None:
            yield number, "", message("unread.long-line", most_bytes=_LONGEST_LINE)
            continue
        text = line.decode("utf-8", "replace").strip()
        if not text or text.startswith("#"):
            continue
        if not text.startswith(_VALUE):
            yield number, text[:200], message("unread.not-json")
            continue
        try:
            yield number, parsed_json(text), None
        except ValueError:
            yield number, text[:200], message("unread.not-json")


def _lines(stream: Iterable[bytes]) -> Iterator[tuple[int, bytes | None]]:
    line, number, too_long = bytearray(), 0, False
    for chunk in stream:
        parts = chunk.split(b"\n")
        for index, part in enumerate(parts):
            if index:
                number += 1
                yield number, None if too_long else bytes(line)
                line.clear()
                too_long = False
            too_long = too_long or len(line) + len(part) > _LONGEST_LINE
            if too_long:
                line.clear()
            else:
                line += part
    if line or too_long:
        yield number + 1, None if too_long else bytes(line)


def _in_pieces(stream: Iterable[bytes]) -> Iterator[str]:
    """Decode, and join crumbs: an object is parsed anew with each piece that it spans."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    pieces: list[str] = []
    length = 0
    for chunk in stream:
        pieces.append(decoder.decode(chunk))
        length += len(chunk)
        if length >= _PIECE:
            yield "".join(pieces)
            pieces, length = [], 0
    pieces.append(decoder.decode(b"", final=True))
    yield "".join(pieces)


def text_in(value: object, *, most_characters: int = 1024) -> str | None:
    """Return text or a number as text; ``None`` for nothing, truths and structures."""
    if isinstance(value, bool) or value is None or not isinstance(value, str | int | float):
        return None
    try:
        return whole_text(str(value)).replace("\0", "").strip()[:most_characters] or None
    except ValueError:  # more digits than Python prints
        return None


def number_in(value: object) -> int | None:
    """Return a whole number, also one written as text."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value if abs(value) < 2**63 else None
    if isinstance(value, float):
        # From 2^53 on a float no longer tells whole numbers apart.
        return int(value) if abs(value) < 2**53 else None
    if isinstance(value, str):
        digits = value.strip()
        bare = digits.removeprefix("-")
        # 18 digits fit in 64 bits whatever they are.
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
    record: dict[str, Any], known_fields: frozenset[str], *, most_fields: int = 64
) -> tuple[tuple[str, str], ...]:
    """Return the fields that a reader does not know, as text, structures as JSON."""
    extras: list[tuple[str, str]] = []
    for name, value in record.items():
        if name in known_fields or value in (None, "", [], {}):
            continue
        if len(extras) >= most_fields:
            break
        text = (
            value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        )
        extras.append((whole_text(str(name)[:100]), whole_text(text[:300])))
    return tuple(extras)
