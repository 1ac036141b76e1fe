"""Signatures that commands have passkeys asked for in the operations room."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cautery import wiring
from cautery.adapters.requests_folder import RequestsFolder
from cautery.model import Digest
from cautery.model.signing_request import RequestKind, SigningRequest
from cautery.workflows.people.requests import Written, answered


@dataclass(frozen=True, slots=True)
class AskedInRoom:
    """Has texts signed in the room of some people, and remembers what it used.

    Parameters
    ----------
    folder : RequestsFolder
        Where the texts wait.
    """

    folder: RequestsFolder
    used: list[SigningRequest] = field(default_factory=list)

    def __call__(
        self,
        kind: RequestKind,
        about: Digest,
        passkeys: Mapping[str, str],
        write: Callable[[], Written],
    ) -> Sequence[SigningRequest]:
        """Return the requests with what the passkeys answered.

        Raises
        ------
        ApprovalError, InputError
            As :func:`cautery.workflows.people.requests.answered`.
        """
        requests = answered(
            self.folder,
            kind=kind,
            about=about,
            passkeys=passkeys,
            write=write,
            now=wiring.clock().now(),
        )
        self.used.extend(requests)
        return requests


@contextmanager
def asked_in_room(people: Path) -> Iterator[AskedInRoom]:
    """Lend what asks the passkeys of a room; what was used is removed unless the command fails.

    Parameters
    ----------
    people : Path
        Folder of the people of the room.
    """
    asked = AskedInRoom(RequestsFolder(people))
    yield asked
    for request in asked.used:
        asked.folder.drop(request.id)
