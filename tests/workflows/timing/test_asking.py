"""What an authority can have asked for, and kept: no more than its own certificate names."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cautery.evidence.outside.stamps import read_roots
from cautery.lab.stamping import LabAuthority
from cautery.model import NetworkPolicy
from cautery.workflows.timing import revocation
from cautery.workflows.timing.asking import Asking
from cautery.workflows.timing.settings import LogSettings, StampingAuthority

NOW = datetime.now(UTC).replace(microsecond=0)


class Asked:
    """An authority whose certificate names one address, and which is asked again and again."""

    def __init__(self, folder: Path, *, trusted: bool = True) -> None:
        self.folder, self.fetched = folder, list[str]()
        self.authority = self._authority(0)
        roots = read_roots((self.authority if trusted else self._authority(1)).root)
        named = StampingAuthority(name="A", url="https://tsa.example", roots=roots)
        settings = LogSettings(
            origin="o", authorities=(named,), cosigners=None, network=NetworkPolicy(allow=())
        )
        own, signed = SimpleNamespace(fetch=self.stamp), SimpleNamespace(fetch=self.crl)
        self.asking = Asking(settings, own=own, signed=signed, now=lambda: NOW)  # type: ignore[arg-type]

    def _authority(self, number: int) -> LabAuthority:
        return LabAuthority(
            self.folder / str(number), begins=NOW - timedelta(days=1),
            ends=NOW + timedelta(days=1), crl_url="http://crl.example/list",
        )  # fmt: skip

    async def stamp(self, *_: object, body: bytes, **__: object) -> Any:
        return SimpleNamespace(status=200, body=self.authority.answer_at(body, at=NOW))

    async def crl(self, url: str, **_: object) -> Any:
        self.fetched.append(url)
        return SimpleNamespace(status=200, body=self.authority.crl(at=NOW))


def test_nothing_that_an_untrusted_answer_names_is_asked_for(tmp_path: Path) -> None:
    asked = Asked(tmp_path, trusted=False)
    stamps, missing = asyncio.run(asked.asking.stamp_all(b"text"))
    assert (len(stamps), len(missing)) == (0, 1)
    assert asked.fetched == []


def test_one_list_is_fetched_and_kept(tmp_path: Path) -> None:
    asked = Asked(tmp_path)
    for _ in range(3):
        [stamp], _ = asyncio.run(asked.asking.stamp_all(b"text"))
        assert len(stamp.revocation) == 1
    assert asked.fetched == ["http://crl.example/list"]


def test_lists_that_change_their_address_are_not_all_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked(tmp_path)
    for number in range(40):
        monkeypatch.setattr(revocation, "crl_urls", lambda _, at=number: (f"http://c/{at}",))
        assert asyncio.run(asked.asking.stamp_all(b"text"))[0]
    assert len(asked.asking._revocation._kept) <= 16
