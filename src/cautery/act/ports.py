"""What acting needs of the world."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cautery.act.block_list import Envelope
from cautery.model import Digest, ListAnswer


class Publisher(Protocol):
    """Hands versions of lists to intermediaries."""

    async def publish(
        self, envelope: Envelope, *, now: datetime, held: Collection[Digest] = ()
    ) -> ListAnswer:
        """Hand a version in at its intermediary, and return what the intermediary says.

        Parameters
        ----------
        held : collection of str
            Digests of referrals that the intermediary holds and that are not sent again.

        Raises
        ------
        SourceError
            If the intermediary does not answer as agreed.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """How something was accepted.

    Parameters
    ----------
    tries : int
        Number of tries that it took.
    answer : str
        What the server said, printable.
    """

    tries: int
    answer: str


class Postbox(Protocol):
    """Signs mails as ours, and hands them to a mail server."""

    @property
    def sender(self) -> str:
        """The mail address that mails come from."""
        ...

    def signed(self, mail: bytes) -> bytes:
        """Return a mail with the signature of our domain, if it has one.

        Raises
        ------
        InputError
            If the key cannot be used.
        """
        ...

    async def send(self, mail: bytes, *, to: str) -> Delivery:
        """Hand a mail over, again where the server asks for it.

        Raises
        ------
        SourceError
            If it is not accepted.
        """
        ...


class ReportApi(Protocol):
    """Takes abuse reports by HTTP."""

    @property
    def host(self) -> str:
        """The host that takes them."""
        ...

    async def hand_in(self, report: bytes) -> Delivery:
        """Hand one report in, again where the server asks for it.

        Raises
        ------
        SourceError
            If it is not accepted.
        """
        ...


class PublicFiles(Protocol):
    """The files of a public folder: what a case shows to providers and to the public.

    A file is named ``about.json`` or, in a folder, ``lists/L-0123456789ab.json``.
    """

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes; ``None``: it is not there.

        Raises
        ------
        StorageError
            If it cannot be read, or is too long.
        """
        ...

    def stamp(self, name: str) -> tuple[int, ...] | None:
        """Return what changes when a file does; ``None``: it is not there."""
        ...

    def names(self, folder: str) -> tuple[str, ...]:
        """Return the names of a folder's files, sorted, with the folder."""
        ...

    def write(self, name: str, content: bytes, *, lasting: bool = True) -> None:
        """Put a file there whole or not at all.

        Parameters
        ----------
        lasting : bool
            Wait until a power cut cannot take it away.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        ...

    def remove(self, name: str) -> None:
        """Take a file away, if it is there.

        Raises
        ------
        StorageError
            If it cannot be taken away.
        """
        ...
