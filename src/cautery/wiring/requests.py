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
from cautery.workflows.people.requests import Written, laid, require_answers


@dataclass(frozen=True, slots=True)
class AskedInRoom:
    """Has texts signed in the room of some people, and remembers which.

    Parameters
    ----------
    folder : RequestsFolder
        Where the texts wait.
    """

    folder: RequestsFolder
    asked: list[SigningRequest] = field(default_factory=list)

    def __call__(
        self,
        kind: RequestKind,
        about: Digest,
        passkeys: Mapping[str, str],
        write: Callable[[], Written],
    ) -> Sequence[SigningRequest]:
        """Return the requests of one text, with what passkeys have answered so far.

        Raises
        ------
        InputError
            As :func:`cautery.workflows.people.requests.laid`.
        """
        requests = laid(
            self.folder,
            kind=kind,
            about=about,
            passkeys=passkeys,
            write=write,
            now=wiring.clock().now(),
        )
        self.asked.extend(requests)
        return requests

    def require_answers(self) -> None:
        """Raise ApprovalError until all that was asked for is signed."""
        require_answers(self.asked)


@contextmanager
def asked_in_room(people: Path) -> Iterator[AskedInRoom]:
    """Lend what asks the passkeys of a room; what was used is removed unless the command fails.

    Parameters
    ----------
    people : Path
        Folder of the people of the room.
    """
    room = AskedInRoom(RequestsFolder(people))
    yield room
    for request in room.asked:
        room.folder.drop(request.id)
