"""A public folder with a list in it, for tests of the face."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

from tests.lists import MANDATE, NOW, CaseKey, approved

from cautery.act import Envelope, StandingList
from cautery.adapters.public_folder import PublicFolder
from cautery.model import Intermediary, Mandate, Referral
from cautery.workflows.case.public_lists import ListFiles, PublicLists

FETCHES = Intermediary(name="isp-fr", territory="FR")


class Nobody:
    """By PUT nobody is reached."""

    async def publish(self, *_: object, **__: object) -> None:
        raise AssertionError("nobody has a list_url")


class Shown:
    """A case that shows its list in a public folder."""

    def __init__(self, path: Path, to: Intermediary = FETCHES) -> None:
        self.files = PublicFolder(path, make=True)
        self.key = CaseKey()
        self.standing = StandingList(key=self.key.public, to=to)
        self._lists = PublicLists(ListFiles(self.files), by_put=Nobody())  # type: ignore[arg-type]

    def add(self, subject: Referral, mandate: Mandate = MANDATE) -> None:
        self.standing.add(approved(subject, self.key, mandate), mandate.orders[0])

    def show(self, at: datetime = NOW) -> Envelope:
        version = self.standing.next_version(at)
        envelope = self.standing.signed(version, self.key.sign_list(version.text))
        asyncio.run(self._lists.publish(envelope, now=at))
        return envelope
