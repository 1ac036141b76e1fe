"""The demonstration: a match night from kick-off to scoreboard, with two people who approve."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cautery.errors import CauteryError
from cautery.lab.mandate_file import APPROVERS
from cautery.lab.start import LiveLab
from cautery.model import Digest

LOOK_S = 0.4


@dataclass(frozen=True, slots=True)
class Waiting:
    """A referral that waits for signatures: its id, what is signed, and who has signed."""

    id: str
    digest: Digest
    signed_by: frozenset[str]


class Approvers:
    """The lab's two approvers at their desks: they sign what is drafted, as people would.

    Parameters
    ----------
    lab : LiveLab
        Whose run folder holds their keys.
    waiting : callable
        Lists the referrals of the case but those that it is told are signed; empty as long as there
        is no case.
    sign : callable
        Signs one, as ``(referral, digest, name, key file)``.
    """

    def __init__(
        self,
        lab: LiveLab,
        *,
        waiting: Callable[[Collection[str]], list[Waiting]],
        sign: Callable[[str, Digest, str, Path], Any],
    ) -> None:
        self._keys = lab.run_dir / "keys"
        self._waiting = waiting
        self._sign = sign
        self._signed: set[str] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="approvers", daemon=True)
        self.failures: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(10)

    def _work(self) -> None:
        while not self._ended.wait(LOOK_S):
            try:
                self._sign_all()
            except CauteryError as error:
                self.failures.append(str(error))

    def _sign_all(self) -> None:
        for referral in self._waiting(self._signed):
            for name, role in APPROVERS:
                if name not in referral.signed_by:
                    self._sign(referral.id, referral.digest, name, self._keys / f"{role}.pem")
            self._signed.add(referral.id)
