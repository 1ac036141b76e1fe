"""Texts that passkeys are asked for, and their answers: a file of each in the people's folder.

Reaches: the folder of the people of a room, which its owner alone may enter.
Lawful basis: that of :mod:`cautery.adapters.people_file`.
Manners: what is over is removed; nothing larger than a mandate's terms can be is read.
Format: JSON, a file ``S-….json`` for each request, and ``S-….answer`` for what a passkey answered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cautery.adapters._files import read_whole, write_new, write_whole
from cautery.adapters._key_files import private_folder
from cautery.errors import EvidenceError, InputError, StorageError
from cautery.json_text import parsed_json
from cautery.model import MISSHAPEN, from_json, to_json
from cautery.model.signing_request import SigningRequest

NAME = "requests"
MOST = 200
"""Requests at a time. Judgement: each waits for a day at most."""
_MOST_BYTES = 8 << 20
_MOST_ANSWER = 12_000
_ID = re.compile(r"S-[0-9a-f]{16}")


class RequestsFolder:
    """Requests (port :class:`~cautery.workflows.people.ports.Requests`).

    Parameters
    ----------
    people : Path
        Folder of the people; that of the requests is made in it with the first one.
    """

    def __init__(self, people: Path) -> None:
        self._people, self._folder = people, people / NAME

    def add(self, request: SigningRequest) -> None:
        """Write a new request.

        Raises
        ------
        InputError
            If there are too many, it is too large, or others may enter the folder.
        StorageError
            If it cannot be written.
        """
        if not self._people.is_dir():
            raise InputError(
                f"{self._people}: no people of an operations room",
                hint="Name the folder of the room's people: --people.",
            )
        private_folder(self._people)
        private_folder(self._folder)
        raw = json.dumps(to_json(request), ensure_ascii=False).encode()
        if len(raw) > _MOST_BYTES:
            raise InputError(f"what is to be signed has {len(raw)} bytes: more than the room shows")
        if len(list(self._folder.glob("S-*.json"))) >= MOST:
            raise InputError(f"{self._folder}: {MOST} requests wait already")
        write_new(self._path(request.id), raw)

    def all(self) -> Sequence[SigningRequest]:
        """Return all requests with their answers, the oldest first.

        Raises
        ------
        EvidenceError
            If one cannot be read.
        """
        stems = [path.stem for path in self._folder.glob("S-*.json")]
        requests = [request for stem in stems if (request := self.get(stem)) is not None]
        return sorted(requests, key=lambda request: (request.made_at, request.id))

    def get(self, id: str) -> SigningRequest | None:
        """Return a request with its answer; ``None``: there is none.

        Raises
        ------
        EvidenceError
            If it cannot be read.
        """
        if not _ID.fullmatch(id) or not self._path(id).exists():
            return None
        try:
            raw = parsed_json(read_whole(self._path(id), limit=_MOST_BYTES))
            request = from_json(SigningRequest, raw)
            if self._answer(id).exists():
                answer = read_whole(self._answer(id), limit=_MOST_ANSWER).decode("ascii")
                request = replace(request, answer=answer)
        except (*MISSHAPEN, InputError) as error:
            raise EvidenceError(
                f"{self._path(id)}: not a request for a signature",
                hint="Remove the file, and run the command again that laid it.",
            ) from error
        if request.id != id:
            raise EvidenceError(f"{self._path(id)}: it holds another request, {request.id}")
        return request

    def answer(self, id: str, signature: str) -> bool:
        """Write what a passkey answered; tell whether the request was still there.

        Raises
        ------
        StorageError
            If it cannot be written.
        """
        if not _ID.fullmatch(id) or not self._path(id).exists():
            return False
        write_whole(self._answer(id), signature.encode("ascii"))
        return True

    def drop(self, id: str) -> None:
        """Remove a request with its answer.

        Raises
        ------
        StorageError
            If it cannot be removed.
        """
        try:
            self._path(id).unlink(missing_ok=True)
            self._answer(id).unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{self._path(id)}: {error.strerror}", hint="") from error

    def lapse(self, now: datetime) -> None:
        """Remove what is over, what cannot be read, and answers whose request is gone.

        Raises
        ------
        StorageError
            If they cannot be removed.
        """
        for stem in {path.stem for path in self._folder.glob("S-*")}:
            try:
                request = self.get(stem)
            except EvidenceError:
                request = None
            if request is None or request.is_over(now):
                self.drop(stem)

    def _path(self, id: str) -> Path:
        return self._folder / f"{id}.json"

    def _answer(self, id: str) -> Path:
        return self._folder / f"{id}.answer"
