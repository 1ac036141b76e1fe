"""Say whether a name or an address is on a list now, under which order, and until when.

It answers while the entry is in force and no longer, and says nothing of an order whose list is
secret: the answer is then the same as for a name on no list.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cautery.act.referral_text import is_target
from cautery.errors import InputError
from cautery.model import Lever
from cautery.model.host_names import ascii_name
from cautery.workflows.public.about import ABOUT, About, read_about
from cautery.workflows.public.shelf import Shelf, ShelvedList

FRESH_S = 1.0
"""A folder is looked at again after so long."""
_LONGEST = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A block that is in force.

    Parameters
    ----------
    target, lever : str
        What is blocked.
    order, authority, territory : str
        The order, who gave it, and where it holds.
    who : str
        Who asked for the block under it.
    referral : str
        Id of the referral.
    until : datetime
        When it ends at the latest, in UTC.
    """

    target: str
    lever: str
    order: str
    authority: str
    territory: str
    who: str
    referral: str
    until: datetime


@dataclass(slots=True)
class _Folder:
    shelf: Shelf
    about: About
    about_stamp: tuple[int, ...] | None
    lists: tuple[ShelvedList, ...] = ()
    looked_at: datetime | None = None


class LookUp:
    """Answers about what is in force in some public folders.

    Parameters
    ----------
    shelves : sequence of Shelf
        The folders, each of one case.
    organisations : sequence of Shelf
        Lists of organisations, which name referrals of these cases.
    """

    def __init__(self, shelves: Sequence[Shelf], organisations: Sequence[Shelf] = ()) -> None:
        self._folders = [_Folder(shelf, About(), None) for shelf in shelves]
        self._organisations = organisations

    @property
    def keeps_secrets(self) -> bool:
        """Whether there is an order of whose entries nothing may be said."""
        return any(folder.about.keeps_secrets for folder in self._folders)

    def blocks(self, target: str, now: datetime) -> tuple[InForce, ...]:
        """Return what is in force about a target and may be said, by territory and order.

        Parameters
        ----------
        target : str
            In the spelling of :func:`target_of`.
        """
        by_place: dict[tuple[str, str], InForce] = {}
        for folder in self._fresh(now):
            for block in _in_force(folder, target, now):
                place = block.territory, block.order
                if place not in by_place or by_place[place].until < block.until:
                    by_place[place] = block
        return tuple(block for _, block in sorted(by_place.items()))

    def shelf_of(self, target: str, now: datetime) -> Shelf | None:
        """Return the folder whose lists hold a target, or held it; secret ones count as well."""
        shelves = [folder.shelf for folder in self._fresh(now) if target in folder.shelf.by_target]
        return shelves[0] if shelves else None

    def secret_shelves(self) -> tuple[Shelf, ...]:
        """Return the folders that keep secrets; any complaint may lie in the first."""
        return tuple(folder.shelf for folder in self._folders if folder.about.keeps_secrets)

    def shelves(self) -> tuple[Shelf, ...]:
        """Return all folders."""
        return tuple(folder.shelf for folder in self._folders)

    def _fresh(self, now: datetime) -> Iterator[_Folder]:
        for folder in self._folders:
            last = folder.looked_at
            # A clock that was set back makes a folder old as well, or it would not be read for
            # that long.
            if last is None or not last <= now < last + timedelta(seconds=FRESH_S):
                shared = [each for shelf in self._organisations for each in shelf.lists()]
                if last is None or any(each not in folder.lists for each in shared):
                    folder.shelf.take_all()
                folder.lists = (*folder.shelf.lists(), *shared)
                stamp = folder.shelf.files.stamp(ABOUT)
                if stamp != folder.about_stamp:
                    folder.about, folder.about_stamp = read_about(folder.shelf.files), stamp
                folder.looked_at = now
            yield folder


def _in_force(folder: _Folder, target: str, now: datetime) -> Iterator[InForce]:
    shelf, about = folder.shelf, folder.about
    # What is secret is left out before anything is searched for: an answer that takes longer for
    # what is on a list would tell it. For the same reason no list is gone through.
    digests = [
        digest
        for digest in shelf.by_target.get(target, ())
        if not about.is_secret(shelf.referrals[digest].territory, shelf.referrals[digest].order)
    ]
    for shelved in folder.lists if digests else ():
        for digest in digests:
            referral = shelf.referrals[digest]
            entry = referral.entries[target]
            if (
                shelved.names(digest)
                and (digest, target) not in shelved.withdrawn
                and entry.holds(now, made_at=shelved.made_at)
            ):
                yield InForce(
                    target=target,
                    lever=entry.lever,
                    order=referral.order,
                    authority=referral.authority,
                    territory=referral.territory,
                    who=about.who,
                    referral=referral.id,
                    until=entry.end,
                )


def target_of(asked: str) -> str:
    """Return the name or address that somebody asks about, as a list spells it.

    A URL stands for its host.

    Raises
    ------
    InputError
        If it is neither.

    Examples
    --------
    >>> target_of(" https://Shop.Example:8443/a "), target_of("[2001:DB8::1]")
    ('shop.example', '2001:db8::1')
    """
    text = asked.strip()
    if not text or len(text) > _LONGEST:
        raise InputError("this is neither a name nor an address")
    host = text
    if "://" in text or "/" in text:
        try:
            host = urlsplit(text if "://" in text else f"//{text}").hostname or ""
        except ValueError as error:
            raise InputError("this is not a valid URL") from error
    host = host.strip("[]").rstrip(".")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    # An IPv6 address has two colons at least, so a single one begins a port.
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        name = ascii_name(host)
    except UnicodeError as error:
        raise InputError("this is not a valid name") from error
    if is_target(Lever.ADDRESS, name) or is_target(Lever.NAME, name):
        return name
    raise InputError("this is neither a name nor an address")
