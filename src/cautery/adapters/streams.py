"""Streams that are sent to us or carried over a lasting connection, each by its own adapter.

Reaches: what :mod:`~cautery.adapters.udp` and :mod:`~cautery.adapters.srt` reach.
Lawful basis: theirs.
Manners: theirs.
Format: URLs; the scheme decides.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from cautery.adapters.srt import SrtStreams
from cautery.adapters.udp import UdpStreams
from cautery.errors import InputError
from cautery.model import NetworkPolicy
from cautery.model.ports import Clock, Names


class SentStreams:
    """Fulfils :class:`cautery.model.ports.Streams` for ``udp://`` and ``srt://``."""

    def __init__(self, policy: NetworkPolicy, names: Names, clock: Clock) -> None:
        self._udp = UdpStreams(clock)
        self._srt = SrtStreams(policy, names, clock)

    def listen(self, url: str) -> AsyncIterator[tuple[bytes, float]]:
        """Listen as the scheme says.

        Raises
        ------
        InputError
            If there is no such adapter.
        """
        scheme = url.partition("://")[0].lower()
        if scheme == "udp":
            return self._udp.listen(url)
        if scheme == "srt":
            return self._srt.listen(url)
        raise InputError(f"{scheme[:20]}: unknown scheme of a stream", hint="Use udp:// or srt://.")
