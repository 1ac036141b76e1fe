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
