"""Walk a JSON-LD file object by object, its names in the prefixes of ours; nothing is fetched.

Read is the one shape that CASE's tools write: an object with an ``@context`` of prefixes and terms
in the file itself, and a ``@graph`` of objects that may hold others; or a single object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cautery.errors import InputError
from cautery.exchange.case.terms import NAMESPACES
from cautery.exchange.json_walk import Path, shown, walk
from cautery.exchange.shape import DEEPEST

Node = dict[str, Any]
_SPLIT: dict[Path, str] = {(): "{", ("@graph",): "["}
_HEAD = 4096
_PREFIXES = {address: prefix for prefix, address in NAMESPACES.items() if prefix != "kb"}
_KEYWORDS = frozenset({"@id", "@type"})
_OF_LITERALS = frozenset({"@value", "@type", "@language"})
_REFUSED = {
    "@list": "an ordered list",
    "@set": "an explicit set",
    "@reverse": "a reversed property",
    "@included": "included objects",
    "@nest": "nested properties",
    "@index": "an index",
    "@graph": "a graph in a graph",
    "@context": "a context of an object within",
    "@json": "JSON as a value",
    "@direction": "a direction of text",
}
_REMOTE = "Cautery never fetches a context; write it into the file: every CASE tool can."


class GraphFile:
    """A JSON-LD file in memory, to be walked as often as needed.

    Parameters
    ----------
    raw : bytes
        The file.
    file : str
        Its name, for what is wrong with it.

    Raises
    ------
    InputError
        If it is too big, is no JSON, or has no context of its own.
    """

    def __init__(self, raw: bytes, file: str) -> None:
        self.file = file
        self._raw = raw
        self._is_checked = False
        if raw[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"[":
            raise InputError(
                f"{file}: a list at the top is JSON-LD in its expanded form, which is not read",
                hint="Write it in the compact form, with an @context of prefixes.",
            )
        self.names = Names(self._context(), file)

    def nodes(self) -> Iterator[Node]:
        """Yield every object at the top of the graph, its names in the prefixes of ours.

        Raises
        ------
        InputError
            If one of them has what is not read.
        """
        yield from map(self.names.node, self.written())

    def written(self) -> Iterator[Node]:
        """Yield every object at the top of the graph as it is written.

        Raises
        ------
        InputError
            If one of them is no object.
        """
        beside: dict[str, Any] = {}
        has_graph = False
        for path, value in self._members():
            if path[0] == "@graph":
                has_graph = True
                yield self._object(path, value)
            elif path[0] != "@context":
                beside[str(path[0])] = value
        if not has_graph and "@id" in beside:
            yield self._object((), beside)
        elif further := sorted(beside.keys() - {"@id"}):
            raise InputError(f"{self.file}: {further[0][:60]} at its top is not read")

    def _object(self, path: Path, value: object) -> Node:
        if not isinstance(value, dict):
            raise InputError(f"{self.file}: {shown(path)}: {str(value)[:60]!r} is no object")
        return value

    def _members(self) -> Iterator[tuple[Path, Any]]:
        for path, value in walk(self._raw, self.file, _is_open, is_checked=self._is_checked):
            if not path:
                raise InputError(f"{self.file}: it is no object of JSON-LD")
            yield path, value
        self._is_checked = True

    def _context(self) -> object:
        for path, value in self._members():
            if path == ("@context",):
                return value
        raise InputError(f"{self.file}: it has no @context", hint="Is it JSON-LD of a CASE tool?")


def _is_open(path: Path, sign: str) -> bool:
    return _SPLIT.get(path) == sign


class Names:
    """The names of a file, by its context, in the prefixes of ours."""

    def __init__(self, context: object, file: str) -> None:
        self._file = file
        self._prefixes: dict[str, str] = {}
        self._vocabulary = ""
        self._short_names: dict[str, str] = {}
        for part in context if isinstance(context, list) else [context]:
            self._define(part)

    @property
    def is_as_ours(self) -> bool:
        """Tell whether each prefix means what it means in our own files."""
        return self._prefixes == NAMESPACES and not self._vocabulary

    def node(self, value: Mapping[str, Any], depth: int = 1) -> Node:
        """Return an object with its names, types and ids in the prefixes of ours."""
        if depth > DEEPEST:
            raise InputError(f"{self._file}: objects lie more than {DEEPEST} deep")
        node: Node = {}
        for name, member in value.items():
            if name[:1] == "@":
                if name not in _KEYWORDS:
                    what = _REFUSED.get(name, "a word of JSON-LD")
                    raise InputError(
                        f"{self._file}: {_shown(value)}: {name[:60]} ({what}) is not read"
                    )
                node[name] = self._keyword(name, member)
                continue
            short = self.short(name)
            if short in node:
                raise InputError(f"{self._file}: {_shown(value)}: {short} stands twice")
            node[short] = self._member(member, depth)
        return node

    def short(self, name: str) -> str:
        """Return a name in the prefixes of ours: ``uco-core:name``; else its whole address."""
        short_name = self._short_names.get(name)
        if short_name is None:
            short_name = self._short_names[name] = _shortened(self._whole(name))
        return short_name

    def _member(self, member: Any, depth: int) -> Any:
        if isinstance(member, dict):
            return self._object(member, depth)
        if isinstance(member, list):
            if any(isinstance(element, list) for element in member):
                raise InputError(f"{self._file}: a list in a list is not read")
            return [
                self._object(element, depth) if isinstance(element, dict) else element
                for element in member
            ]
        return member

    def _object(self, member: dict[str, Any], depth: int) -> Node:
        if "@value" in member:  # a literal: whoever takes it knows its type
            if further := member.keys() - _OF_LITERALS:
                raise InputError(f"{self._file}: {min(further)[:60]} of a literal is not read")
            return member
        name = member.get("@id")
        if len(member) == 1 and isinstance(name, str):  # a reference: most objects are
            return {"@id": self._whole(name)}
        return self.node(member, depth + 1)

    def _keyword(self, name: str, member: Any) -> Any:
        if name == "@type":
            kinds = member if isinstance(member, list) else [member]
            for kind in kinds:
                if not isinstance(kind, str):
                    raise InputError(f"{self._file}: an @type is no text")
            return [self.short(kind) for kind in kinds]
        if name == "@id":
            if not isinstance(member, str):
                raise InputError(f"{self._file}: an @id is no text")
            return self._whole(member)
        return member

    def id_of(self, value: Mapping[str, Any]) -> str | None:
        """Return the whole id of an object as it is written; ``None``: it has none."""
        name = value.get("@id")
        return self._whole(name) if isinstance(name, str) else None

    def kinds_of(self, value: Mapping[str, Any]) -> list[str]:
        """Return the classes of an object as it is written, in the prefixes of ours."""
        kinds: list[str] = self._keyword("@type", value.get("@type", []))
        return kinds

    def _whole(self, name: str) -> str:
        prefix, colon, local_name = name.partition(":")
        if colon:
            namespace = self._prefixes.get(prefix)
            if namespace is not None and local_name[:2] != "//":
                return namespace + local_name
            if prefix in NAMESPACES:
                raise InputError(f"{self._file}: its @context does not say what {prefix}: is")
        else:
            return self._prefixes.get(name, self._vocabulary + name)
        return name

    def _define(self, part: object) -> None:
        if isinstance(part, str):
            raise InputError(f"{self._file}: its @context is at {part[:200]}", hint=_REMOTE)
        if not isinstance(part, dict):
            raise InputError(f"{self._file}: an @context is an object of prefixes")
        for name, defined in part.items():
            meaning = defined
            if isinstance(defined, dict):
                if further := sorted(defined.keys() - {"@id", "@type", "@prefix"}):
                    raise InputError(
                        f"{self._file}: @context: {name[:60]}: {further[0][:60]} is not read"
                    )
                meaning = defined.get("@id")
            if name == "@vocab" and isinstance(meaning, str):
                self._vocabulary = meaning
            elif name == "@version":
                continue
            elif name[:1] == "@" or not isinstance(meaning, str) or meaning[:1] == "@":
                raise InputError(f"{self._file}: @context: {name[:60]} is not read")
            else:
                self._prefixes[name] = meaning
        # A meaning may itself be written with a prefix of this context: one step, so no circle.
        for name, meaning in list(self._prefixes.items()):
            prefix, colon, local_name = meaning.partition(":")
            if (
                colon
                and not local_name.startswith("//")
                and prefix in self._prefixes
                and prefix != name
            ):
                self._prefixes[name] = self._prefixes[prefix] + local_name


def _shortened(whole: str) -> str:
    at = max(whole.rfind("/"), whole.rfind("#")) + 1
    prefix = _PREFIXES.get(whole[:at])
    return f"{prefix}:{whole[at:]}" if prefix is not None else whole


def _shown(value: Mapping[str, Any]) -> str:
    return str(value.get("@id", "an object without @id"))[:200]
