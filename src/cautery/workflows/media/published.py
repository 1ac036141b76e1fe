"""What the home of a shard publishes: a list of its files, and how far each feed was heard.

The list is what counts, and is replaced as a whole, last. It is authenticated under the nodes'
key: whoever can write to the store alone cannot make a node compare with other references.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from cautery.errors import InputError
from cautery.identify.references.manifest import MOST_NOTE, NAME
from cautery.json_text import parsed_json
from cautery.workflows.media.authenticated import opened_text, sealed_text

LIST = "list"
"""Its name, below the shard's."""
MOST_LIST = 8 << 20
MOST_FILES = 4_000
MOST_FILE_BYTES = 8 << 30
MOST_BYTES = 16 << 30
"""Of the files of one shard; 2,500 feeds of seven minutes take 270 MB."""
WORKS = "works.ref"
MOST_SAID = 64
_FORM = "cautery references 1"
_MOST_FEEDS = 4_096
_MOST_NAME = 500
_MOST_TIME_S = 1e11
_FILE = re.compile(rf"{NAME.pattern}|manifest-[0-9a-f]{{16}}|works-[0-9a-f]{{16}}\.ref")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """A published file.

    Parameters
    ----------
    size : int
        Bytes.
    sha256 : str
        In hexadecimal.
    """

    name: str
    size: int
    sha256: str

    def __post_init__(self) -> None:
        if not (
            isinstance(self.name, str)
            and _FILE.fullmatch(self.name)
            and type(self.size) is int
            and 0 < self.size <= MOST_FILE_BYTES
            and isinstance(self.sha256, str)
            and _DIGEST.fullmatch(self.sha256)
        ):
            raise ValueError("not a file of references")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What befell a feed, for the watch to record.

    Parameters
    ----------
    at_s : float
        When, epoch seconds.
    """

    number: int
    reference: str
    at_s: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A shard as its home last published it.

    Parameters
    ----------
    run : (int, int)
        The watch's epoch, and how often the job was begun in it; a list of an earlier run is void.
    serial : int
        Rises with each list of a run.
    at_s : float
        When, epoch seconds of the home's clock.
    files : tuple of ListedFile
        All that the shard consists of.
    until : mapping of str to float
        By feed, the epoch second until which it was heard.
    ended : frozenset of str
        Feeds that say that nothing more comes.
    stamps_s : mapping of str to float
        By feed, the reference time that its own stamp 0 has.
    filled : bool
        Whether what was there at the beginning is taken in.
    said : tuple of Said
        The newest, by rising number.
    """

    run: tuple[int, int]
    serial: int
    node: str
    at_s: float
    files: tuple[ListedFile, ...] = ()
    until: Mapping[str, float] = field(default_factory=dict)
    ended: frozenset[str] = frozenset()
    stamps_s: Mapping[str, float] = field(default_factory=dict)
    filled: bool = False
    said: tuple[Said, ...] = ()

    @property
    def order(self) -> tuple[tuple[int, int], int]:
        """By which the newer of two is known."""
        return self.run, self.serial


def list_bytes(listed: Listed, *, shard: str, key: bytes) -> bytes:
    """Return a list as it is stored.

    Parameters
    ----------
    key : bytes
        The nodes' key.
    """
    document = {**asdict(listed), "form": _FORM, "ended": sorted(listed.ended)}
    body = json.dumps(document, allow_nan=False, separators=(",", ":")).encode()
    return sealed_text(body, name=shard, key=key)


def list_of(data: bytes, *, shard: str, key: bytes) -> Listed:
    """Return a list that was stored.

    Raises
    ------
    InputError
        If it is none that a node of this organisation wrote for this shard.
    """
    body = opened_text(data, name=shard, key=key)
    try:
        return _read(parsed_json(body))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"the references of shard {shard}: their list makes no sense") from error


def _read(document: Any) -> Listed:
    epoch, begun = document["run"]
    files = tuple(ListedFile(**entry) for entry in document["files"][: MOST_FILES + 1])
    names = {entry.name for entry in files}
    total = sum(entry.size for entry in files)
    if (
        document["form"] != _FORM
        or len(document["files"]) > MOST_FILES
        or len(names) != len(files)
        or total > MOST_BYTES
    ):
        raise ValueError("not a list of references")
    return Listed(
        run=(_count(epoch), _count(begun)),
        serial=_count(document["serial"]),
        node=_text(document["node"], _MOST_NAME),
        at_s=_time(document["at_s"]),
        files=files,
        until=_times(document["until"]),
        ended=frozenset(_text(name, _MOST_NAME) for name in document["ended"][:_MOST_FEEDS]),
        stamps_s=_times(document["stamps_s"]),
        filled=document["filled"] is True,
        said=tuple(_said(entry) for entry in document["said"][:MOST_SAID]),
    )


def _said(entry: Any) -> Said:
    return Said(
        number=_count(entry["number"]),
        reference=_text(entry["reference"], _MOST_NAME),
        at_s=_time(entry["at_s"]),
        text=_text(entry["text"], MOST_NOTE),
    )


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise ValueError("not a count")
    return value


def _text(value: Any, most_chars: int) -> str:
    if not isinstance(value, str) or len(value) > most_chars or not value.isprintable():
        raise ValueError("not a line of text")
    return value


def _time(value: Any) -> float:
    time_s = float(value)
    if not math.isfinite(time_s) or abs(time_s) > _MOST_TIME_S:
        raise ValueError("not a time")
    return time_s


def _times(entries: Any) -> dict[str, float]:
    if len(entries) > _MOST_FEEDS:
        raise ValueError("more feeds than there can be")
    return {_text(name, _MOST_NAME): _time(value) for name, value in entries.items()}
