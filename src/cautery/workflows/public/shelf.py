"""The lists of a public folder as they are now, read again when a file changes.

Who serves lists is not believed by those who read them: each provider checks every signature. So a
list is read here for its form alone, and a broken file leaves what was read before.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cautery.act.ports import PublicFiles
from cautery.act.read_list import ListedEntry
from cautery.canonical import canonical
from cautery.errors import CauteryError, InputError
from cautery.json_text import parsed_json
from cautery.model import Digest, digest_of
from cautery.workflows.public.zipped import Opening, Part

_BEGIN, _BETWEEN = b'{"referrals":[', b","
_OPENINGS = 8
"""Compressed begins of lists that are kept: all providers of a territory have the same."""
_REMEMBERED = 64
"""Versions of a list whose referrals are known, for who asks for what is newer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedReferral:
    """A referral, as access providers receive it.

    Parameters
    ----------
    id, order, authority, territory : str
        As its text states.
    entries : mapping of str to ListedEntry
        By target.
    """

    id: str
    order: str
    authority: str
    territory: str
    entries: dict[str, ListedEntry]


@dataclass(slots=True)
class ShelvedList:
    """A list, with its newest version.

    Parameters
    ----------
    id : str
        The list's id.
    digest : Digest
        The digest of the newest version's text.
    number : int
        Its number.
    made_at : datetime
        When it was made, in UTC.
    referrals : tuple of Digest
        What it names.
    withdrawn : frozenset
        Digest of a referral and target, for each target that is taken off it.
    """

    id: str
    digest: Digest
    number: int
    made_at: datetime
    referrals: tuple[Digest, ...]
    withdrawn: frozenset[tuple[str, str]]
    tail: bytes
    """The end of an envelope: signature and version."""
    stamp: tuple[int, ...]
    earlier: OrderedDict[Digest, frozenset[Digest]] = field(default_factory=OrderedDict)

    def knows(self, digest: Digest | None) -> bool:
        """Tell whether a version of this digest was served."""
        return digest in self.earlier

    def names(self, digest: Digest) -> bool:
        """Tell whether its newest version names a referral."""
        return digest in self.earlier[self.digest]

    def newer(self, since: Digest | None) -> tuple[Digest, ...]:
        """Return the referrals that the version ``since`` did not name."""
        earlier = self.earlier.get(since) if since is not None else None
        if not earlier:
            return self.referrals
        return tuple(digest for digest in self.referrals if digest not in earlier)


class Shelf:
    """The lists of one public folder.

    Parameters
    ----------
    files : PublicFiles
        The folder.
    """

    def __init__(self, files: PublicFiles) -> None:
        self.files = files
        self._lists: dict[str, ShelvedList] = {}
        self._parts: dict[Digest, Part] = {}
        self._openings: OrderedDict[tuple[Digest, ...], Opening] = OrderedDict()
        self.referrals: dict[Digest, ListedReferral] = {}
        self.by_target: dict[str, list[Digest]] = {}
        """Every referral that ever held a target, as far back as the folder goes."""

    def list(self, list_id: str) -> ShelvedList | None:
        """Return a list as its file is now; ``None``: there is none."""
        name = f"lists/{list_id}.json"
        cached, stamp = self._lists.get(list_id), self.files.stamp(name)
        if stamp is None or (cached is not None and cached.stamp == stamp):
            return cached
        try:
            fresh = self._read(name, list_id, stamp)
        except (CauteryError, ValueError, KeyError, TypeError, RecursionError):
            return cached
        if cached is not None:
            fresh.earlier = cached.earlier
        fresh.earlier[fresh.digest] = frozenset(fresh.referrals)
        fresh.earlier.move_to_end(fresh.digest)  # an older version may come back
        while len(fresh.earlier) > _REMEMBERED:
            fresh.earlier.popitem(last=False)
        self._lists[list_id] = fresh
        return fresh

    def lists(self) -> Iterator[ShelvedList]:
        """Yield every list as it is now."""
        for name in self.files.names("lists"):
            shelved = self.list(name.removeprefix("lists/").removesuffix(".json"))
            if shelved is not None:
                yield shelved

    def take_all(self) -> None:
        """Read every referral of the folder, also of those that no list names any more."""
        for name in self.files.names("referrals"):
            digest = Digest("sha256:" + name.removeprefix("referrals/").removesuffix(".json"))
            if digest not in self._parts:
                try:
                    # A broken file costs its own referral alone.
                    self._take(digest)
                except (CauteryError, ValueError, KeyError, TypeError, RecursionError):
                    continue

    def pieces(self, shelved: ShelvedList, *, since: Digest | None) -> tuple[bytes, ...]:
        """Return an envelope, without what the version ``since`` named, in pieces to be joined."""
        pieces: list[bytes] = [_BEGIN]
        for digest in shelved.newer(since):
            pieces += [_BETWEEN if len(pieces) > 1 else b"", self._parts[digest].raw]
        return (*pieces, shelved.tail)

    def zipped(self, shelved: ShelvedList, *, since: Digest | None) -> tuple[bytes, ...]:
        """Return the same as gzip; nothing is compressed for this one request."""
        digests = shelved.newer(since)
        opening = self._openings.get(digests)
        if opening is None:
            parts = [self._parts[digest] for digest in digests]
            opening = self._openings[digests] = Opening.of(_BEGIN, parts, _BETWEEN)
            while len(self._openings) > _OPENINGS:
                self._openings.popitem(last=False)
        self._openings.move_to_end(digests)
        return opening.ended(shelved.tail)

    def _read(self, name: str, list_id: str, stamp: tuple[int, ...]) -> ShelvedList:
        head = parsed_json(self.files.read(name) or b"")
        text, signature = str(head["version"]), str(head["signature"])
        version = parsed_json(text)
        if version["list"] != list_id:
            raise InputError(f"{name} is list {version['list']}")
        referrals = tuple(Digest(str(digest)) for digest in version["referrals"])
        for digest in referrals:
            if digest not in self._parts:
                self._take(digest)
        # Only the end of an envelope differs between providers; signature and version sort behind
        # referrals, so the brace is cut off and the rest is appended.
        tail = canonical({"signature": signature, "version": text})
        return ShelvedList(
            id=list_id,
            digest=digest_of(text.encode()),
            number=int(version["version"]),
            made_at=_moment(version["made_at"]),
            referrals=referrals,
            withdrawn=frozenset(
                (str(place["referral"]), str(place["target"])) for place in version["withdrawn"]
            ),
            tail=b"]," + tail[1:],
            stamp=stamp,
        )

    def _take(self, digest: Digest) -> None:
        part = self.files.read(referral_file(digest))
        if part is None:
            raise InputError(f"referral {digest} is not there")
        text = str(parsed_json(part)["text"])
        # A referral is kept for good under its digest, so a file of another text would stay
        # wrong.
        if digest_of(text.encode()) != digest:
            raise InputError(f"{digest} is another referral's name")
        referral = _referral(parsed_json(text))
        self._parts[digest] = Part.of(part)
        self.referrals[digest] = referral
        for target in referral.entries:
            self.by_target.setdefault(target, []).append(digest)


def referral_file(digest: Digest) -> str:
    """Return the name of a referral's file."""
    return f"referrals/{digest.removeprefix('sha256:')}.json"


def _referral(referral: dict[str, Any]) -> ListedReferral:
    return ListedReferral(
        id=str(referral["referral"]),
        order=str(referral["order"]),
        authority=str(referral["authority"]),
        territory=str(referral["territory"]),
        entries={
            str(entry["target"]): ListedEntry(
                lever=str(entry["lever"]),
                target=str(entry["target"]),
                end=_moment(entry["end"]),
                max_stale_s=entry["max_stale_s"],
            )
            for entry in referral["entries"]
        },
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
