"""Give each access provider its own list, whole or as what is new, and take what it answers.

Format: docs/reference/block-list.md, "Requests".
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from cautery.act.read_answer import read_answer
from cautery.errors import InputError, StorageError
from cautery.model import Digest, Effect
from cautery.model.web import JSON, TEXT, Answered, Asked
from cautery.workflows.public.fairness import Fairness
from cautery.workflows.public.shelf import Shelf, ShelvedList
from cautery.workflows.public.zipped import takes_gzip

POLL_S = 10
"""In so many seconds a provider asks again; each answer spreads it by a fifth."""
MOST_ANSWERS = 32
"""Acknowledgements of one list that wait for the case; the oldest go first. Judgement."""
_PATH = re.compile(r"/lists/(L-[0-9a-f]{12})(/ack)?")
_LATER_S = 30
_SKEW = timedelta(minutes=2)
"""How far a provider's clock may run ahead of this machine's."""
_SMALL = 1 << 14
"""Bytes of referrals that are sent as they are."""


class Feeds:
    """The feeds of one or more public folders.

    Parameters
    ----------
    shelves : sequence of Shelf
        The folders.
    allowed : mapping of str to collection of str
        By list, the SHA-256 of each certificate whose holder gets it, 64 hex digits.
    rng : random.Random
        Spreads the questions of many providers over time.
    """

    def __init__(
        self,
        shelves: Sequence[Shelf],
        *,
        allowed: Mapping[str, Collection[str]],
        rng: random.Random,
    ) -> None:
        self._shelves = shelves
        self._allowed = allowed
        self._rng = rng
        self._fair = Fairness(per_s=2.0, burst=20)
        self._answers = 0

    def answer(self, asked: Asked, now: datetime) -> Answered:
        """Answer a provider."""
        match = _PATH.fullmatch(asked.path)
        if match is None:
            return _text(404, "There is no such list.")
        if asked.certificate is None or asked.certificate not in self._allowed.get(match[1], ()):
            return _text(403, "Another certificate gets this list.")
        if not self._fair.admits(asked.certificate, now.timestamp()):
            return _text(429, "Too many requests.", later_s=_LATER_S)
        for shelf in self._shelves:
            shelved = shelf.list(match[1])
            if shelved is not None:
                break
        else:
            return _text(503, "This list has no version yet.", later_s=POLL_S)
        if match[2]:
            return self._take(shelf, shelved, asked, now)
        if asked.method not in ("GET", "HEAD"):
            return Answered(status=405, headers={"Allow": "GET, HEAD"})
        return self._give(shelf, shelved, asked)

    def _give(self, shelf: Shelf, shelved: ShelvedList, asked: Asked) -> Answered:
        tag = f'"{shelved.digest}"'
        headers = {
            "ETag": tag,
            "Retry-After": str(round(POLL_S * self._rng.uniform(0.8, 1.2))),
            "Cache-Control": "private, no-cache",
        }
        # A provider that has the newest version asks with its ETag, and is sent no body.
        if tag in (part.strip() for part in asked.headers.get("if-none-match", "").split(",")):
            return Answered(status=304, media_type=JSON, headers=headers)
        query = asked.query.get("since")
        since = None if query is None else Digest(query)
        headers["Vary"] = "Accept-Encoding"
        pieces = shelf.pieces(shelved, since=since)
        if takes_gzip(asked) and sum(map(len, pieces[:-1])) > _SMALL:
            pieces = shelf.zipped(shelved, since=since)
            headers["Content-Encoding"] = "gzip"
        return Answered(pieces=pieces, media_type=JSON, headers=headers)

    def _take(self, shelf: Shelf, shelved: ShelvedList, asked: Asked, now: datetime) -> Answered:
        if asked.method != "POST":
            return Answered(status=405, headers={"Allow": "POST"})
        try:
            answer = read_answer(asked.body)
        except InputError as error:
            return _text(422, f"ack-form: {error}")
        if answer.list_id != shelved.id:
            return _text(422, "ack-form: it is about another list")
        if answer.digest is not None and not shelved.knows(answer.digest):
            return _text(409, "ack-version: no such version was served from here")
        if answer.version is not None and answer.version > shelved.number:
            return _text(409, "ack-version: there is no such version")
        done_at = answer.applied_at if answer.effect is Effect.APPLIED else None
        if done_at is not None and done_at > now + _SKEW:
            return _text(422, "ack-time: it was applied at a time that has not come yet")
        self._answers += 1
        # Names sort by arrival, so that the oldest answers are the first ones in the list below.
        name = f"answers/{shelved.id}.{now.timestamp():.6f}.{self._answers % 10_000:04d}.json"
        try:
            waiting = [
                answer_file
                for answer_file in shelf.files.names("answers")
                if answer_file.startswith(f"answers/{shelved.id}.")
            ]
            for answer_file in waiting[: max(0, len(waiting) - MOST_ANSWERS + 1)]:
                shelf.files.remove(answer_file)
            shelf.files.write(name, asked.body)
        except StorageError:
            return _text(503, "It cannot be kept at the moment.", later_s=_LATER_S)
        return Answered(status=204)


def _text(status: int, words: str, *, later_s: int | None = None) -> Answered:
    headers = {} if later_s is None else {"Retry-After": str(later_s)}
    return Answered(
        status=status, pieces=(f"{words}\n".encode(),), media_type=TEXT, headers=headers
    )
