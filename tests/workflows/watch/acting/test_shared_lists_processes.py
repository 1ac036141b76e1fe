"""Watches in processes of their own share a list, are killed at any moment, and go on."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.lists import TRUSTED

from cautery.act import AcceptedList, ListTrust, StandingList, read_list
from cautery.adapters.lists_folder import ListsFolder
from cautery.adapters.signer import SignerProcess
from cautery.evidence.note import NoteVerifier
from cautery.model import Intermediary
from cautery.workflows.public.shelf import Shelf

ROOT = Path(__file__).parents[4]
ISP = Intermediary(name="isp-fr", territory="FR")
WATCHES, NAMES, KILLED_AFTER = 3, 10, (3, 8)


class Run:
    """A watch that is started again until it has done its work, and what it is known to have sent."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder, self.number = folder, number
        self.blocked: set[str] = set()
        self.gone: set[str] = set()
        self.failures: list[str] = []
        self.sent = self.kills = 0
        self.chance = random.Random(number)
        self.done = False
        self.process: subprocess.Popen[str] | None = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        code = Path(__file__).with_name("sharing_watch.py")
        while not self.done:
            self.process = subprocess.Popen(
                [sys.executable, code, self.folder, str(self.number), str(NAMES)],
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
            )
            assert self.process.stdout is not None
            for line in self.process.stdout:
                self._hear(line.split())
            if self.process.wait() > 0:
                self.failures.append(f"exit {self.process.returncode}")
                return

    def _hear(self, words: list[str]) -> None:
        if words[0] == "sent":
            self.sent += 1
            if self.sent in KILLED_AFTER and self.process is not None:
                time.sleep(self.chance.uniform(0, 0.03))
                self.process.kill()
                self.kills += 1
            target = f"n{words[1][1:]}.c{self.number}.example"
            if words[1].startswith("-"):
                self.blocked.discard(target)
                self.gone.add(target)
            elif int(words[1][1:]) % 2 == 0:
                self.blocked.add(target)
        elif words[0] == "failure":
            self.failures.append(" ".join(words))
        self.done |= words == ["end"]


def test_watches_that_are_killed_lose_no_entry_and_fork_no_version(tmp_path: Path) -> None:
    signer = SignerProcess(tmp_path / "keys", "new-lists:league.example")
    key = NoteVerifier.parse(signer.key).public
    place = ListsFolder(tmp_path / "lists")
    place.begin("", "")
    list_id = StandingList(key=key, to=ISP, of_organisation=True).id
    trust = ListTrust(provider=ISP.name, territory="FR", approvers=TRUSTED, list_key=key)
    shelf = Shelf(place.public())
    runs = [Run(tmp_path, number) for number in range(1, WATCHES + 1)]
    held: AcceptedList | None = None
    while any(run.thread.is_alive() for run in runs) or held is None:
        blocked = set[str]().union(*(set(run.blocked) for run in runs))
        gone = set[str]().union(*(set(run.gone) for run in runs))
        shelved = shelf.list(list_id)
        if shelved is not None and (held is None or shelved.digest != held.digest):
            body = b"".join(shelf.pieces(shelved, since=None))
            held = read_list(body, trust, now=datetime.now(UTC), held=held)
            targets = {each.target for each in held.entries}
            assert blocked <= targets
            assert not gone & targets
        time.sleep(0.005)
    assert [run.failures for run in runs] == [[]] * WATCHES
    assert [run.kills for run in runs] == [len(KILLED_AFTER)] * WATCHES
    shelved = shelf.list(list_id)
    assert shelved is not None
    last = read_list(
        b"".join(shelf.pieces(shelved, since=None)), trust, now=datetime.now(UTC), held=held
    )
    assert {each.target for each in last.entries} == {
        f"n{n}.c{number}.example" for number in range(1, WATCHES + 1) for n in range(0, NAMES, 2)
    }
    again = signer.last_list(list_id)
    assert again is not None
    assert again[:2] == (last.version, last.digest)
    signer.close()
