"""A season in simulated time: no block outlives its end."""

import contextlib
import random
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from provider_lists import Publisher, entry, referral_text
from provider_room import Room

from cautery_provider.rules import Refused
from cautery_provider.store import Store


class Season:
    """Ninety days: matches that move, films, clock jumps, restarts, power cuts, dead feeds."""

    def __init__(self, room, seed):
        self.room, self.rng, self.machine = room, random.Random(seed), room.machine
        self.publisher = Publisher()
        self.rows = {}  # a referral's text: its target and its true end
        self.dead_until_s = 0.0
        self.jumps = self.restarts = self.passes = self.most = 0

    def order(self):
        """Approve a match, or a film."""
        live = self.rng.random() < 0.8
        minutes = self.rng.randrange(60, 200) * (1 if live else 60)
        end = self.machine.now() + timedelta(minutes=minutes)
        target = f"192.0.2.{self.rng.randrange(256)}" if live else f"f{len(self.rows)}.example"
        text = referral_text(
            entry(
                target,
                lever="address" if live else "name",
                end=end,
                stale_s=7_200 if live else None,  # as long as the longest step of this season
            ),
            name=f"R-{self.passes}",
            end=end,
        )
        self.rows[text] = (target, end.timestamp())
        self.publisher.texts.append(text)

    def fetch(self):
        """Publish a version, which arrives or does not."""
        accepted = self.room.agent.accepted
        texts = self.publisher.texts
        texts[:] = [text for text in texts if self.rows[text][1] > self.machine.true_s]
        if texts and self.rng.random() < 0.02:  # a match is moved
            texts.remove(self.rng.choice(texts))
            self.order()
        body = self.publisher.publish(
            self.machine.now(), known=accepted.referrals if accepted else ()
        )
        if self.rng.random() < 0.005:
            self.dead_until_s = self.machine.true_s + self.rng.randrange(60, 86_400)
        if self.machine.true_s >= self.dead_until_s:
            with contextlib.suppress(Refused):  # by a clock that is behind since the boot
                self.room.agent.receive(body)

    def disturb(self):
        """Turn the clock, or start the agent or the machine again."""
        if self.machine.wall_s() < 1e9:  # no battery: 1970, until the network sets it
            self.machine.wrong_s = 0.0
        elif self.rng.random() < 0.03:
            self.machine.wrong_s = self.rng.choice([0.0, -3_600.0, 3_600.0, -86_400.0, -5.0])
            self.jumps += 1
        if self.rng.random() < 0.03:
            if self.rng.random() < 0.3:
                self.machine.reboot(self.rng.randrange(20, 3_600))
                self.machine.wrong_s = self.rng.choice([0.0, -self.machine.true_s])
            self.room.restart()
            self.restarts += 1
        if self.room.agent.clock.ahead_s() > 1_000 and self.rng.random() < 0.05:
            self.machine.wrong_s = 0.0  # a person sets the clock, and says so
            store = Store(self.room.folder)
            store.forget_time()
            store.touched_by("resume")

    def live(self):
        """Go on until the agent wakes; return what stands, and what of it has ended."""
        step_s = self.rng.choice([30, 3_600, 7_200])
        due = self.room.agent.next_end()
        if due:
            left_s = (due - self.room.agent.clock.now()).total_seconds()
            step_s = max(0.001, min(step_s, left_s))
        standing = self.room.after(step_s)
        alive = {target for target, end_s in self.rows.values() if end_s > self.machine.true_s}
        self.passes += 1
        self.most = max(self.most, len(standing))
        return standing - alive


@pytest.fixture
def room_in_memory():
    """A room whose disk costs nothing: no power is cut there."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Room(Path(folder))


def test_in_a_season_no_block_outlives_its_end(room_in_memory):
    room = room_in_memory
    season = Season(room, 90)
    last_s = room.machine.true_s + 90 * 86_400
    outlived = []
    while room.machine.true_s < last_s:
        if season.rng.random() < 0.15:
            season.order()
        season.fetch()
        season.disturb()
        outlived += season.live()
    assert outlived == []
    assert season.passes > 1_500
    assert season.jumps > 50
    assert season.restarts > 50
    assert season.most > 5
