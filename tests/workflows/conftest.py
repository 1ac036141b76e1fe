"""A case on disk with its journal, and a fetcher that answers from a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cautery.adapters.case_folder import FolderStore
from cautery.adapters.clock import FixedClock
from cautery.adapters.keys_file import KeyFolder
from cautery.errors import CauteryError, SourceError
from cautery.messages import say
from cautery.model import (
    Channel,
    Entry,
    Exchange,
    KeyedPseudonyms,
    Limits,
    Mandate,
    Regime,
    Response,
    Validator,
    Window,
    from_json,
)
from cautery.model.message import Message
from cautery.workflows.case.journal import Journal
from cautery.workflows.case.open import Case, open_case

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = b"k" * 32


def words(body: Any) -> str:
    """Return what a message of a record's JSON says."""
    return say(from_json(Message, body))


@dataclass(slots=True)
class Answers:
    """Fulfils the fetcher's port from a table of bodies, statuses and errors."""

    by_url: Mapping[str, bytes | int | CauteryError]
    asked: list[str] = field(default_factory=list)
    told: list[tuple[tuple[str, str], ...]] = field(default_factory=list)
    truncated: bool = False
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "video/mp2t; charset=binary"),)
    by_vantage: Mapping[str, Mapping[str, bytes | int | CauteryError]] = field(default_factory=dict)
    led_through: dict[str, tuple[str, ...]] = field(default_factory=dict)

    async def fetch(
        self,
        url: str,
        *,
        limits: Limits,
        proxy: str | None = None,
        vantage: str | None = None,
        tunnel: bool = False,
        method: str = "GET",
        body: bytes | None = None,
        unless: Validator | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> Response:
        self.asked.append(url)
        self.told.append(tuple(headers))
        answer = (self.by_url if vantage is None else self.by_vantage[vantage]).get(url, 404)
        if (
            unless is not None
            and isinstance(answer, bytes)
            and ("ETag", unless.etag) in self.headers
        ):
            answer = 304
        if isinstance(answer, CauteryError):
            raise answer
        held = answer if isinstance(answer, bytes) else b""
        if len(held) > limits.max_bytes:
            raise SourceError("more than asked for")
        status = answer if isinstance(answer, int) else 200
        return Response(
            url=url,
            hops=self.led_through.get(url, (url,)),
            status=status,
            headers=self.headers,
            body=held,
            asked_at=NOON,
            answered_at=NOON,
            address="192.0.2.1",
            truncated=self.truncated,
            vantage=vantage,
            exchanges=(
                Exchange(
                    url=url,
                    method=method,
                    target=url.partition("://")[2].partition("/")[2] or "/",
                    request_headers=(("User-Agent", "Cautery-test/1"),),
                    status=status,
                    reason="",
                    headers=self.headers,
                    payload=held,
                    asked_at=NOON,
                    answered_at=NOON,
                    address="192.0.2.1",
                    vantage=vantage,
                    cut="length" if self.truncated else None,
                ),
            ),
        )


@pytest.fixture
def answers() -> Callable[..., Answers]:
    """Make a fetcher that knows these URLs and nothing else."""

    def made(
        by_url: Mapping[str, bytes | int | CauteryError], *, truncated: bool = False
    ) -> Answers:
        return Answers(by_url, truncated=truncated)

    return made


@pytest.fixture
def mandated() -> Callable[..., Mandate]:
    """Make a mandate for the afternoon, with what a test adds."""

    def made(**more: Any) -> Mandate:
        parts: dict[str, Any] = {
            "channels": (Channel(id="arena1", names=("Arena 1",), legal_basis="rights"),),
            **more,
        }
        return Mandate(
            id="m",
            who="Example League",
            regime=Regime.GDPR,
            legal_basis="rights",
            window=Window(start=NOON, end=NOON.replace(hour=20)),
            territories=("FR",),
            **parts,
        )

    return made


@pytest.fixture
def case(tmp_path: Path) -> Iterator[Case]:
    store = FolderStore(KeyFolder(tmp_path / "keys"))
    held = open_case(tmp_path / "case", store=store, clock=FixedClock(NOON))
    yield held
    held.leave()


@pytest.fixture
def heard() -> list[Entry]:
    """What the journal's listener was told, in order."""
    return []


@pytest.fixture
def journal(case: Case, heard: list[Entry]) -> Journal:
    return Journal(
        case.ledger,
        case.vault,
        case.clock,
        pseudonyms=KeyedPseudonyms(KEY),
        listeners=(heard.append,),
    )
