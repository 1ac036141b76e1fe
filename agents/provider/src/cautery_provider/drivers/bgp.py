"""Addresses as routes that a BGP speaker announces to the provider's own routers.

Reaches: exabgp, by lines of its text API in a named pipe. Only /32 and /128 are announced, with the
community NO_EXPORT (RFC 1997), so that no block leaves the network. Nobody tells what exabgp
announces now: the agent keeps a file of its own, and says everything again when it looks anew,
which does no harm and mends a restart of exabgp.
"""

from __future__ import annotations

import json
import os
import select
import stat
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from cautery_provider.blocks import Block, Refusal
from cautery_provider.drivers import DriverError
from cautery_provider.store import write_whole

_LIMIT_S = 5.0


class Bgp:
    """Host routes by exabgp."""

    levers = frozenset({"address"})

    def __init__(
        self,
        *,
        pipe: Path,
        kept: Path,
        next_hop4: str,
        next_hop6: str | None = None,
        communities: Sequence[str] = (),
        most_prefixes: int = 1_000,
    ) -> None:
        self.name = f"bgp {pipe}"
        self._pipe = pipe
        self._kept = kept
        self._next_hops = {4: next_hop4, 6: next_hop6}
        self._communities = " ".join(("no-export", *communities))
        self._most = most_prefixes
        self._said: set[str] | None = None

    def apply(self, entries: Sequence[Block], at: datetime) -> list[Refusal]:
        """Withdraw what has ended, then announce what is missing."""
        del at
        wanted: set[str] = set()
        refused: list[Refusal] = []
        announced = self._announced()
        # What is announced stays announced: a cap keeps out what comes, not what is there.
        for entry in sorted(
            entries, key=lambda entry: (entry.target not in announced, entry.target)
        ):
            if self._next_hops[6 if ":" in entry.target else 4] is None:
                rule, reason = "no-next-hop", "no next hop is configured for IPv6"
            elif len(wanted) >= self._most:
                rule, reason = "cap-prefixes", f"at most {self._most} prefixes are announced"
            else:
                wanted.add(entry.target)
                continue
            refused.append(Refusal(entry.lever, entry.target, rule, reason))
        before, self._said = self._said, None  # until the change is known to have worked
        withdrawn = sorted(announced - wanted)
        fresh = sorted(wanted if before is None else wanted - before)
        if withdrawn or fresh:
            # Kept before it is said: after a crash a route too many is withdrawn, none forgotten.
            if fresh:  # a full disk must not keep anybody blocked
                self._keep(announced | wanted)
            self._say([f"withdraw {self._route(target)}" for target in withdrawn])
            self._say(
                [
                    f"announce {self._route(target)} community [ {self._communities} ]"
                    for target in fresh
                ]
            )
            self._keep(wanted)
        self._said = wanted
        return refused

    def forget(self) -> None:
        """Say everything again with the next pass."""
        self._said = None

    def check(self) -> list[str]:
        """Say whether the pipe is there."""
        try:
            if stat.S_ISFIFO(self._pipe.stat().st_mode):
                return []
        except OSError as error:
            return [f"{self.name}: {error.strerror}"]
        return [f"{self.name}: not a named pipe"]

    def _route(self, target: str) -> str:
        version, bits = (6, 128) if ":" in target else (4, 32)
        return f"route {target}/{bits} next-hop {self._next_hops[version]}"

    def _say(self, lines: Iterable[str]) -> None:
        try:
            number = os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:  # no pipe, or nobody who reads it
            raise DriverError(f"{self.name}: {error.strerror}") from error
        try:
            for text in _whole_lines(lines):
                if not select.select((), (number,), (), _LIMIT_S)[1]:
                    raise DriverError(f"{self.name}: exabgp does not read its pipe")
                os.write(number, text)
        except OSError as error:
            raise DriverError(f"{self.name}: {error.strerror}") from error
        finally:
            os.close(number)

    def _announced(self) -> set[str]:
        try:
            return set(map(str, json.loads(self._kept.read_text(encoding="ascii"))))
        except (OSError, ValueError, TypeError):
            return set()

    def _keep(self, targets: set[str]) -> None:
        write_whole(self._kept, json.dumps(sorted(targets)))


def _whole_lines(lines: Iterable[str]) -> Iterator[bytes]:
    """Yield lines in pieces that a pipe takes whole or not at all (pipe(7), PIPE_BUF).

    Half a line would stay in a pipe that is not read, and spoil the next one: a route whose
    withdrawal is lost in it would stand for ever.
    """
    piece = b""
    for line in lines:
        encoded = f"{line}\n".encode()
        if len(piece) + len(encoded) > select.PIPE_BUF:
            yield piece
            piece = b""
        piece += encoded
    if piece:
        yield piece
