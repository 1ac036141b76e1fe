"""XML from strangers, as a stream of small elements: no entities, no outside, no depth, no bombs.

Expat parses and this module bounds it: a document type declaration may be there (XMLTV has one),
but a declaration of an entity in it ends the reading, and nothing outside is ever asked for.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html.entities import html5
from itertools import chain
from xml.parsers import expat

from cautery.errors import LimitError, SourceError
from cautery.formats._text import SNIFFED_BYTES, encoding_of, markup_of, pieces, text_of, what_is

DEEPEST = 64
MOST_CHILDREN = 100_000
"""In one element that is handed out whole."""
MOST_BREAKS = 20_000
"""In one document: each takes a new parser."""
_MOST_TEXT = 1_000_000
"""Characters of one element of many; of one that is handed out whole, sixteen times as many."""
_MOST_ATTRIBUTES = 200
_LONGEST_TOKEN = 262_144
"""Bytes that expat may hold back without an event: an endless tag would grow without bound."""
_LONGEST_NAME = 32
"""Bytes kept between two pieces: a tag at which the reading goes on may be cut there."""
_STEP, _STEP_AFTER_BREAK = 65_536, 512
"""Bytes parsed at once: expat copies them, and after a break the next may be near."""
_UNDECLARED = expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]
BROKEN = "#broken"
"""The name of an element that stands for what could not be read."""
_ENCODING = re.compile(rb"<\?xml\s[^>]{0,100}?encoding\s{0,4}=\s{0,4}[\"']([\w-]{1,40})[\"']")
_ESCAPED = re.compile("[\udc80-\udcff]")


@dataclass(slots=True)
class Element:
    """An element with all that is in it; names without their namespace.

    Parameters
    ----------
    line : int
        Where it begins, from 1.
    """

    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)
    _named: dict[str, list[Element]] | None = field(
        default=None, init=False, repr=False, compare=False
    )

    def all(self, name: str) -> Sequence[Element]:
        """Return the children of a name; to be asked once all of them are there."""
        if self._named is None:
            self._named = {}
            for child in self.children:
                self._named.setdefault(child.name, []).append(child)
        return self._named.get(name, ())

    def first(self, name: str) -> Element | None:
        """Return the first child of a name."""
        return next(iter(self.all(name)), None)


def elements(
    chunks: Iterable[bytes],
    *,
    expected_format: str,
    root: str,
    whole: bool = False,
    records: tuple[str, ...] = (),
) -> Iterator[Element]:
    r"""Yield the root's children one by one, each with all in it; or the root itself, whole.

    Memory is bounded by the largest child. If the document is broken, what stands before the
    break has been yielded when the error is raised.

    Parameters
    ----------
    expected_format : str
        What the document should be, for messages.
    root : str
        The name that its root must have.
    records : tuple of str
        Names of children at which the reading goes on after a break; what is broken is an element
        named :data:`BROKEN`, its text why and what stood there.

    Raises
    ------
    SourceError
        If it is broken, another document, declares entities or is nested too deeply.
    LimitError
        If one element is too large.

    Examples
    --------
    >>> guide = elements([b"<tv><a b='c'/></tv>"], expected_format="a guide", root="tv")
    >>> [element.attributes for element in guide]
    [{'b': 'c'}]
    """
    building = _Building(expected_format=expected_format, root=root, keep_from=0 if whole else 1)
    reading = _Reading(building, records)
    try:
        for piece in _sniffed(chunks, what=expected_format):
            yield from reading.take(piece)
        yield from reading.end()
    except expat.ExpatError as error:
        yield from building.taken()
        line = reading.lines + error.lineno
        raise SourceError(
            f"{expected_format}: broken XML in line {line} ({expat.ErrorString(error.code)})"
        ) from None
    except (LookupError, ValueError):
        raise SourceError(f"{expected_format}: its encoding is not known") from None
    except SourceError:
        yield from building.taken()
        raise
    yield from building.taken()


class _Reading:
    """Expat over a stream, started again at the next record where the document is broken."""

    def __init__(self, building: _Building, records: tuple[str, ...]) -> None:
        self._building = building
        self._next = re.compile(rb"<(?:" + "|".join(records).encode() + rb")[\s>/]")
        self._records = records
        self._encoding = ""
        self._error: expat.ExpatError | None = None
        self._tail = self._ending = b""
        self._first_line = 1  # the line that the next piece begins in
        self._bytes_pending = 0
        self._step = _STEP
        self._lenient = False
        self._breaks = 0
        self._begin(self._first_line)

    def _begin(self, line: int) -> None:
        # A blank stands in no name, so it splits namespace and name without doubt.
        parser = expat.ParserCreate(namespace_separator=" ")
        building = self._building
        self.lines = line - 1
        self._fed = 0
        self._parser = parser
        building.restart(
            lambda: self.lines + parser.CurrentLineNumber, lambda: parser.CurrentByteIndex
        )
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.XmlDeclHandler = self._declared
        parser.StartElementHandler = building.start
        parser.EndElementHandler = building.end
        parser.CharacterDataHandler = building.text
        parser.SkippedEntityHandler = building.skipped
        parser.EntityDeclHandler = building.entity
        parser.ExternalEntityRefHandler = building.outside

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self._encoding = (encoding or "")[:40]

    def take(self, piece: bytes) -> Iterator[Element]:
        """Parse one piece, and yield what is complete."""
        building = self._building
        self._ending = (self._ending + piece)[-_LONGEST_NAME:]
        if self._error is not None:
            piece, self._tail = self._tail + piece, b""
        at = least = 0
        while at < len(piece):
            if self._error is not None:
                match = self._next.search(piece, at)
                if match is None:
                    self._tail = piece[max(at, len(piece) - _LONGEST_NAME) :]
                    break
                at = match.start()
                least = at + 1  # a record that is broken in its first byte is not tried again
                self._resume(self._first_line + piece.count(b"\n", 0, at))
            building.events = False
            part = memoryview(piece)[at : at + self._step]
            try:
                self._parser.Parse(part, False)
            except expat.ExpatError as error:
                yield from building.taken()
                # In UTF-16 the records' names are spelled in other bytes than those that are
                # sought.
                if not self._records or self._encoding.lower().startswith("utf-16"):
                    raise
                # Only a record that begins in this part can be read once more: earlier bytes are
                # gone.
                can_resume = not self._lenient and building.begins >= self._fed
                if error.code == _UNDECLARED and can_resume:
                    self._error, at, self._bytes_pending = (
                        error,
                        at + building.begins - self._fed,
                        0,
                    )
                    continue  # the whole record once more, entities now being skipped
                self._breaks += 1
                if self._breaks > MOST_BREAKS:
                    raise LimitError(
                        f"{building.expected_format}: broken in over {MOST_BREAKS:,} places"
                    ) from None
                where = max(at, least, at + self._parser.ErrorByteIndex - self._fed)
                why = expat.ErrorString(error.code)
                excerpt = piece[max(at, where - 60) : where + 20].decode("utf-8", "replace")
                line = self.lines + error.lineno
                yield Element(name=BROKEN, attributes={"why": why}, line=line, text=excerpt)
                self._error, at, self._bytes_pending = error, where, 0
                self._step = _STEP_AFTER_BREAK
                continue
            self._fed += len(part)
            self._bytes_pending = 0 if building.events else self._bytes_pending + len(part)
            if self._bytes_pending > _LONGEST_TOKEN:
                raise LimitError(
                    f"{building.expected_format}: a single tag of more than {_LONGEST_TOKEN} bytes"
                )
            yield from building.taken()
            at += len(part)
            self._step = min(2 * self._step, _STEP)
        self._first_line += piece.count(b"\n", 0, len(piece) - len(self._tail))

    def _resume(self, line: int) -> None:
        """Go on at a record, as if the document began there."""
        self._begin(line)
        encoding = f' encoding="{self._encoding}"' if self._encoding else ""
        root = self._building.root
        # With a document type, an entity that nobody declared is skipped, and told of.
        prologue = f'<?xml version="1.0"{encoding}?><!DOCTYPE {root} SYSTEM ""><{root}>'.encode()
        self._parser.Parse(prologue, False)
        self._fed, self._error, self._lenient = len(prologue), None, True

    def end(self) -> Iterator[Element]:
        """Say that nothing follows."""
        if self._error is not None:
            # After a break expat has the root of :meth:`_resume`, so only the last bytes tell a
            # whole document (ADR 0023).
            if self._ending.rstrip().endswith(f"</{self._building.root}>".encode()):
                return
            raise self._error
        self._parser.Parse(b"", True)
        yield from self._building.taken()


def _sniffed(chunks: Iterable[bytes], *, what: str) -> Iterator[bytes]:
    """Yield small pieces, if the first bytes look like XML; expat knows most encodings itself."""
    source = pieces(chunks)
    head = b""
    for piece in source:
        head += piece
        if len(head) >= SNIFFED_BYTES:
            break
    if (kind := what_is(head[:SNIFFED_BYTES])) is None:
        kind = markup_of(text_of(head[:SNIFFED_BYTES])) or "not XML"
    if kind != "XML":
        raise SourceError(f"not {what}: this is {kind}")
    # PHP likes to write a line before its XML declaration.
    everything: Iterator[bytes] = chain((head.lstrip(b" \t\r\n"),), source)
    declared = _ENCODING.match(head.removeprefix(b"\xef\xbb\xbf").lstrip())
    if encoding_of(head[:SNIFFED_BYTES]) is None and (
        declared is None or declared[1].lower() in (b"utf-8", b"utf8")
    ):
        everything = _as_utf8(everything)
    return everything


def _as_utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Read bytes that are no UTF-8 as Windows-1252, which is what such guides are mixed with."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    for chunk in chain(chunks, (None,)):
        text = decoder.decode(chunk or b"", final=chunk is None)
        yield _ESCAPED.sub(
            lambda match: bytes((ord(match[0]) - 0xDC00,)).decode("cp1252", "replace"), text
        ).encode()


@dataclass(slots=True)
class _Building:
    """What expat has read so far and not yet handed out."""

    expected_format: str
    root: str
    keep_from: int
    depth: int = 0
    events: bool = False
    line: Callable[[], int] = int
    place: Callable[[], int] = int
    begins: int = -1
    """Bytes before the child that is read now."""
    open: list[Element] = field(default_factory=list)
    texts: list[list[str]] = field(default_factory=list)
    """Of each open element; an entity ends a piece of its text."""
    ready: list[Element] = field(default_factory=list)
    children: int = 0
    length: int = 0

    def restart(self, line: Callable[[], int], place: Callable[[], int]) -> None:
        """Begin anew with another parser."""
        self.depth = 0
        self.begins = -1
        self.open, self.texts = [], []
        self.line, self.place = line, place

    def taken(self) -> list[Element]:
        """Hand out what is complete."""
        ready, self.ready = self.ready, []
        return ready

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take a start tag."""
        self.events = True
        name = name.rpartition(" ")[2]
        if self.depth == 0 and name.lower() != self.root.lower():
            raise SourceError(
                f"not {self.expected_format}: its root is <{name[:40]}>, not <{self.root}>"
            )
        self.depth += 1
        if self.depth > DEEPEST:
            raise SourceError(f"{self.expected_format}: nested more than {DEEPEST} deep")
        if self.depth <= self.keep_from:
            return
        if not self.open:
            self.children = self.length = 0
            self.begins = self.place()
        self.children += 1
        self.length += sum(map(len, attributes.values()))
        self._check()
        if len(attributes) > _MOST_ATTRIBUTES:
            raise LimitError(
                f"{self.expected_format}: more than {_MOST_ATTRIBUTES} attributes in a tag"
            )
        plain_attributes = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        element = Element(name=name, attributes=plain_attributes, line=self.line())
        if self.open:
            self.open[-1].children.append(element)
        self.open.append(element)
        self.texts.append([])

    def end(self, _: str) -> None:
        """Take an end tag."""
        self.events = True
        self.depth -= 1
        if self.open:
            element = self.open.pop()
            element.text = "".join(self.texts.pop()).strip()
            if not self.open:
                self.ready.append(element)

    def text(self, piece: str) -> None:
        """Take text."""
        self.events = True
        if self.open:
            self.length += len(piece)
            self._check()
            self.texts[-1].append(piece)

    def skipped(self, name: str, is_parameter: int) -> None:
        """Take an entity that nobody declared: those of HTML are known, others stay as written."""
        if not is_parameter:
            self.text(html5.get(f"{name};", f"&{name};"))

    def entity(self, name: str, *_: object) -> None:
        """Refuse a declaration of an entity: it is how bombs and reads of local files are built."""
        raise SourceError(
            f"{self.expected_format}: declares an entity ({name[:40]!r}), which is refused"
        )

    def outside(self, *_: object) -> int:
        """Refuse to fetch anything."""
        raise SourceError(f"{self.expected_format}: refers to an outside entity, which is refused")

    def _check(self) -> None:
        if self.children > MOST_CHILDREN or self.length > (
            _MOST_TEXT if self.keep_from else 16 * _MOST_TEXT
        ):
            raise LimitError(f"{self.expected_format}: one element is too large")
