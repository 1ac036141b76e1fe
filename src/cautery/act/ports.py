"""What acting needs of the world."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
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


class ListSigner(Protocol):
    """Signs versions of block lists, each the one after the last."""

    @property
    def key(self) -> str:
        """Its C2SP verifier key."""
        ...

    def last_list(self, name: str) -> tuple[int, Digest, datetime] | None:
        """Return number, digest and date of the last version of a block list that it signed."""
        ...

    def sign_list(self, text: str) -> str:
        """Return its Ed25519 signature over the next version of a block list, base64.

        Raises
        ------
        EvidenceError
            If the version does not follow the last one.
        InputError
            If it is not a version in its one spelling.
        SignerError
            If the signer is gone; nothing was signed.
        """
        ...


class ListShares(Protocol):
    """What each case of an organisation has on its lists, where all of them can read it.

    A case writes its own share alone. So none can put another one's entries on a list or take them
    off, also when it is killed at any moment.
    """

    def turn(self, list_id: str) -> AbstractContextManager[None]:
        """Keep other cases from making a version of a list meanwhile.

        Raises
        ------
        StorageError
            If another one does not end.
        """
        ...

    def keep(self, list_id: str, share: bytes | None) -> None:
        """Write what this case has on a list; ``None``: nothing any more.

        Raises
        ------
        StorageError
            If it cannot be written; what was there before stays.
        """
        ...

    def kept(self, list_id: str) -> bytes | None:
        """Return what this case had on a list when it last wrote; ``None``: nothing."""
        ...

    def others(self, list_id: str) -> Iterator[tuple[str, bytes, float]]:
        """Yield other cases, their shares, and since how many seconds they give no sign of life."""
        ...

    def discard(self, list_id: str, case: str) -> None:
        """Take away the share of another case, of which all ended long ago."""
        ...

    def note(self, list_id: str, text: str) -> None:
        """Write down the text of a version before it is signed.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        ...

    def noted(self, list_id: str, digest: Digest) -> str | None:
        """Return the text of a version of this digest that was noted; ``None``: it is not there."""
        ...

    def forget_notes(self, list_id: str, *, but: Digest) -> None:
        """Take away the noted texts of a list, but for that of its last version."""
        ...

    def beat(self) -> None:
        """Give a sign of life."""
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
    """Signs mails for our domain, and hands them to a mail server."""

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

    async def send(
        self, mail: bytes, *, to: str, before: Callable[[], None] = lambda: None
    ) -> Delivery:
        """Hand a mail over, again where the server asks for it.

        Parameters
        ----------
        before : callable
            Called before each try; it raises where the mail may not leave any more.

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

    async def hand_in(
        self, report: bytes, *, before: Callable[[], None] = lambda: None
    ) -> Delivery:
        """Hand one report in, again where the server asks for it.

        Parameters
        ----------
        before : callable
            Called before each try; it raises where the report may not leave any more.

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

    def head(self, name: str, size: int) -> bytes | None:
        """Return a file's first bytes, ``size`` at most; ``None``: it is not there.

        Raises
        ------
        StorageError
            If it cannot be read.
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
