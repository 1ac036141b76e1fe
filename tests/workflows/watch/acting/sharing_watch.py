"""The lists of one watch in a process of its own, with a ledger of lines: it may be killed.

Arguments: the folder, the number of the watch, how many names it blocks; it unblocks every other.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.lists import TRUSTED, CaseKey, approved, entry, lasting

from cautery.act import id_of_key
from cautery.adapters.keys_file import CaseSigner
from cautery.adapters.lists_folder import FolderShares, ListsFolder
from cautery.adapters.signer import SignerProcess
from cautery.evidence.note import NoteVerifier
from cautery.model import Intermediary
from cautery.workflows.case.public_lists import ListFiles, PublicLists
from cautery.workflows.watch.acting.lists import Lists
from cautery.workflows.watch.acting.organisation import Organisation

ISP = Intermediary(name="isp-fr", territory="FR")


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


class Journal:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def write(self, content: object) -> None:
        pass

    def write_all(self, contents: Iterable[object]) -> None:
        pass

    def seal(self, data: bytes, **_: Any) -> str:
        return "sha256:" + "1" * 64

    def fail(self, what: str, where: str, error: Exception) -> None:
        say("failure", what, where, error)


class Watch:
    def __init__(self, folder: Path, number: int) -> None:
        self.key, self.number = CaseKey(bytes([number]) * 32), number
        self.ledger = folder / f"ledger-{number}"
        signer = SignerProcess(folder / "keys", "lists:league.example")
        self.list_key = NoteVerifier.parse(signer.key).public
        self.lists = Lists(
            [ISP],
            signer=self.key,  # type: ignore[arg-type]
            publisher=PublicLists(None, by_put=None),  # type: ignore[arg-type]
            journal=Journal(),  # type: ignore[arg-type]
            organisation=Organisation(
                signer=CaseSigner(signer),
                shares=FolderShares(folder / "lists", id_of_key(self.key.public)),
                approvers=TRUSTED,
                files=ListFiles(ListsFolder(folder / "lists").public()),
            ),
        )

    async def work(self, count: int) -> None:
        self.ledger.touch()
        known = self.ledger.read_text().split()
        for line in known:
            self._do(line)
        for n in range(count):
            for line in (f"+{n}", f"-{n}")[: 1 + n % 2]:
                if line in known:
                    continue
                with self.ledger.open("a") as ledger:
                    ledger.write(f"{line}\n")
                self._do(line)
                await self.lists.send(patience_s=None)
                say("sent", line)
        await self.lists.send(patience_s=None)
        say("end")

    def _do(self, line: str) -> None:
        target = f"n{line[1:]}.c{self.number}.example"
        subject, mandate = lasting(
            entry(target), until=datetime(2200, 1, 1, tzinfo=UTC) + timedelta(hours=self.number)
        )
        if line.startswith("+"):
            listed = approved(subject, self.key, mandate, on=self.list_key)
            self.lists.add(listed, mandate.orders[0], ISP)
        else:
            self.lists.withdraw(subject.id, target)


if __name__ == "__main__":
    asyncio.run(Watch(Path(sys.argv[1]), int(sys.argv[2])).work(int(sys.argv[3])))
