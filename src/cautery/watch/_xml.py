"""XML from strangers, as a stream of small elements: no entities, no outside, no depth, no bombs.

Expat parses and this module bounds it: a document type declaration may be there (XMLTV has one),
but a declaration of an entity in it ends the reading, and nothing outside is ever asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from cautery.errors import LimitError, SourceError
from cautery.watch._text import SNIFFED_BYTES, markup_of, pieces, text_of, what_is

DEEPEST = 64
MOST_CHILDREN = 100_000
"""In one element that is handed out whole."""
_MOST_TEXT = 1_000_000
_MOST_ATTRIBUTES = 200
_LONGEST_TOKEN = 262_144
"""Bytes that expat may hold back without an event: an endless tag would grow without bound."""


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

    def all(self, name: str) -> list[Element]:
        """Return the children of a name."""
        return [one for one in self.children if one.name == name]

    def first(self, name: str) -> Element | None:
        """Return the first child of a name."""
        return next((one for one in self.children if one.name == name), None)


def elements(
    chunks: Iterable[bytes], *, wanted: str, root: str, whole: bool = False
) -> Iterator[Element]:
    r"""Yield the root's children one by one, each with all in it; or the root itself, whole.

    Memory is bounded by the largest child. If the document is broken, what stands before the
    break has been yielded when the error is raised.

    Parameters
    ----------
    wanted : str
        What the document should be, for messages.
    root : str
        The name that its root must have.

    Raises
    ------
    SourceError
        If it is broken, another document, declares entities or is nested too deeply.
    LimitError
        If one element holds more than any real one.

    Examples
    --------
    >>> [one.attributes for one in elements([b"<tv><a b='c'/></tv>"], wanted="a guide", root="tv")]
    [{'b': 'c'}]
    """
    building = _Building(wanted=wanted, root=root, keep_from=0 if whole else 1)
    parser = expat.ParserCreate(namespace_separator=" ")
    building.line = lambda: parser.CurrentLineNumber
    parser.buffer_text = True
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.StartElementHandler = building.start
    parser.EndElementHandler = building.end
    parser.CharacterDataHandler = building.text
    parser.EntityDeclHandler = building.entity
    parser.ExternalEntityRefHandler = building.outside
    held = 0
    try:
        for piece in _sniffed(chunks, wanted=wanted):
            building.events = False
            parser.Parse(piece, False)
            held = 0 if building.events else held + len(piece)
            if held > _LONGEST_TOKEN:
                raise LimitError(f"{wanted}: a single tag of more than {_LONGEST_TOKEN} bytes")
            yield from building.taken()
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        yield from building.taken()
        raise SourceError(
            f"{wanted}: broken XML in line {error.lineno} ({expat.ErrorString(error.code)})"
        ) from None
    except (LookupError, ValueError):
        raise SourceError(f"{wanted}: in an encoding that nobody knows") from None
    except SourceError:
        yield from building.taken()
        raise
    yield from building.taken()


def _sniffed(chunks: Iterable[bytes], *, wanted: str) -> Iterator[bytes]:
    """Yield small pieces, if the first bytes look like XML; expat knows the encodings itself."""
    source = pieces(chunks)
    head = b""
    for piece in source:
        head += piece
        if len(head) >= SNIFFED_BYTES:
            break
    if (found := what_is(head[:SNIFFED_BYTES])) is None:
        found = markup_of(text_of(head[:SNIFFED_BYTES])) or "no XML"
    if found != "XML":
        raise SourceError(f"not {wanted}: this is {found}")
    yield head
    yield from source


@dataclass(slots=True)
class _Building:
    """What expat has told of so far, and not yet handed out."""

    wanted: str
    root: str
    keep_from: int
    depth: int = 0
    events: bool = False
    line: Callable[[], int] = int
    open: list[Element] = field(default_factory=list)
    ready: list[Element] = field(default_factory=list)
    children: int = 0
    length: int = 0

    def taken(self) -> list[Element]:
        """Hand out what is complete."""
        ready, self.ready = self.ready, []
        return ready

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take a start tag."""
        self.events = True
        name = name.rpartition(" ")[2]
        if self.depth == 0 and name.lower() != self.root.lower():
            raise SourceError(f"not {self.wanted}: its root is <{name[:40]}>, not <{self.root}>")
        self.depth += 1
        if self.depth > DEEPEST:
            raise SourceError(f"{self.wanted}: nested more than {DEEPEST} deep")
        if self.depth <= self.keep_from:
            return
        if not self.open:
            self.children = self.length = 0
        self.children += 1
        self.length += sum(map(len, attributes.values()))
        self._check()
        if len(attributes) > _MOST_ATTRIBUTES:
            raise LimitError(f"{self.wanted}: more than {_MOST_ATTRIBUTES} attributes in a tag")
        said = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        one = Element(name=name, attributes=said, line=self.line())
        if self.open:
            self.open[-1].children.append(one)
        self.open.append(one)

    def end(self, _: str) -> None:
        """Take an end tag."""
        self.events = True
        self.depth -= 1
        if self.open:
            one = self.open.pop()
            one.text = one.text.strip()
            if not self.open:
                self.ready.append(one)

    def text(self, said: str) -> None:
        """Take text."""
        self.events = True
        if self.open:
            self.length += len(said)
            self._check()
            self.open[-1].text += said

    def entity(self, name: str, *_: object) -> None:
        """Refuse a declaration of an entity: it is how bombs and reads of local files are built."""
        raise SourceError(f"{self.wanted}: declares an entity ({name[:40]!r}), which is refused")

    def outside(self, *_: object) -> int:
        """Refuse to fetch anything."""
        raise SourceError(f"{self.wanted}: refers to an outside entity, which is refused")

    def _check(self) -> None:
        if self.children > MOST_CHILDREN or self.length > (
            _MOST_TEXT if self.keep_from else 16 * _MOST_TEXT
        ):
            raise LimitError(f"{self.wanted}: one element holds more than any real one")
