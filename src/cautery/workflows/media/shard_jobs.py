"""What a watch asks of the node at which a shard is at home, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cautery.errors import InputError
from cautery.identify.references.info import ReferenceInfo
from cautery.model import Exhibit, ExhibitId, Json, OwnLocation, from_json, to_json
from cautery.model.records import ExhibitSealed
from cautery.workflows.media.layout import Layout, layout_from, layout_json
from cautery.workflows.media.pump import Feed

HEAR, PIECE = "hear", "piece"
"""Kinds of job: to follow the feeds of a shard; to seal bytes of one of its references."""
PIECE_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardFeed:
    """Where a reference comes from; the question that carries it is encrypted."""

    id: str
    url: str = field(repr=False)
    pictures: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HearQuestion:
    """Follow the feeds of a shard, and publish what they give, for as long as the watch lasts."""

    shard: str
    layout: Layout
    feeds: tuple[ShardFeed, ...]

    def feeds_to_follow(self) -> tuple[Feed, ...]:
        """Return the feeds, as what follows them takes them."""
        infos = {info.id: info for info in self.layout.infos}
        return tuple(
            Feed(info=infos[feed.id], location=OwnLocation(feed.url), pictures=feed.pictures)
            for feed in self.feeds
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceQuestion:
    """Seal the bytes of a reference around one of its times."""

    shard: str
    reference: str
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPiece:
    """Bytes of a reference that lie in the vault.

    Parameters
    ----------
    sealed : Exhibit
    start_s, end_s : float
        The reference times that they cover.
    media_s : float
        Their own time at ``start_s``.
    """

    sealed: Exhibit
    start_s: float
    end_s: float
    media_s: float

    @property
    def exhibit(self) -> ExhibitId:
        """The exhibit's id."""
        return self.sealed.id

    def record(self, reference: str) -> ExhibitSealed:
        """Return the record of the seal."""
        return ExhibitSealed(exhibit=self.sealed, what=what_of(reference), url=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PieceAnswer:
    """``None``: nothing of that time is on the tape."""

    piece: SealedPiece | None


def what_of(reference: str) -> str:
    """Return what the record of a sealed piece calls it."""
    return f"reference {reference}"


def hear_json(question: HearQuestion) -> Json:
    """Return a question as JSON: its feeds' addresses in clear, as the question is encrypted."""
    return {
        "shard": question.shard,
        "layout": layout_json(question.layout),
        "feeds": [
            {"id": feed.id, "url": feed.url, "pictures": feed.pictures} for feed in question.feeds
        ],
    }


def hear_from(question: Any) -> HearQuestion:
    """Return a question out of JSON.

    Raises
    ------
    InputError
        If it makes no sense.
    """
    if not isinstance(question, dict) or set(question) != {"shard", "layout", "feeds"}:
        raise InputError("a job to hear a shard that makes no sense")
    layout = layout_from(question["layout"])
    feeds = from_json(_Feeds, {"feeds": question["feeds"]}).feeds
    live = {info.id: info for info in layout.infos if info.kind != "work"}
    names = [feed.id for feed in feeds]
    if (
        sorted(names) != sorted(layout.shards.get(question["shard"], ()))
        or not set(names) <= set(live)
        or not all(_feed(live[feed.id], feed).live for feed in feeds)
    ):
        raise InputError("a job to hear a shard with other feeds than its layout names")
    return HearQuestion(shard=question["shard"], layout=layout, feeds=feeds)


def piece_json(answer: PieceAnswer) -> Json:
    """Return an answer as JSON."""
    body: Json = to_json(answer)
    return body


def piece_from(body: Any) -> PieceAnswer:
    """Return an answer out of JSON.

    Raises
    ------
    InputError
        If it makes no sense.
    """
    return from_json(PieceAnswer, body)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Feeds:
    feeds: tuple[ShardFeed, ...]


def _feed(info: ReferenceInfo, feed: ShardFeed) -> Feed:
    return Feed(info=info, location=OwnLocation(feed.url), pictures=feed.pictures)
