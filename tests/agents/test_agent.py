"""The agent over time: what stands, what falls, restarts, clocks, the provider's own rules."""

import json
import threading
import time
from datetime import timedelta

import pytest
from provider_lists import (
    ANNA,
    NOON,
    TRUST,
    Machine,
    Notebook,
    Publisher,
    entry,
    envelope,
    referral,
    referral_text,
    version_text,
)
from provider_room import LIVE, STANDING, Room, rules

from cautery_provider.agent import Agent, explained
from cautery_provider.blocks import Rules
from cautery_provider.drivers import DriverError
from cautery_provider.drivers.log import Log
from cautery_provider.rules import Refused
from cautery_provider.store import Hold, Store
from cautery_provider.watchdog import Watchdog


@pytest.fixture
def room(tmp_path):
    return Room(tmp_path)


def test_a_dead_feed_ends_live_blocks_and_no_others(room):
    room.agent.receive(Publisher([LIVE, STANDING]).publish(NOON))
    assert room.after(0) == {"192.0.2.7", "film.example"}
    assert room.after(119) == {"192.0.2.7", "film.example"}
    assert room.after(1) == {"film.example"}
    assert room.after(86_400) == {"film.example"}
    assert room.after(20 * 86_400) == set()


def test_a_fresh_version_keeps_a_live_block(room):
    publisher = Publisher([LIVE])
    for _ in range(10):
        room.agent.receive(publisher.publish(room.machine.now()))
        assert room.after(30) == {"192.0.2.7"}


def test_a_withdrawal_unblocks_at_once(room):
    publisher = Publisher([LIVE, STANDING])
    room.agent.receive(publisher.publish(NOON))
    room.after(0)
    publisher.withdrawn.append((STANDING, "film.example"))
    assert room.agent.receive(publisher.publish(NOON))
    assert room.after(0) == {"192.0.2.7"}


def test_a_target_of_two_referrals_stands_while_one_of_them_does(room):
    twin = referral_text(entry("film.example", end=NOON + timedelta(hours=1)), name="R-twin")
    publisher = Publisher([STANDING, twin])
    publisher.withdrawn.append((STANDING, "film.example"))
    room.agent.receive(publisher.publish(NOON))
    assert room.after(0) == {"film.example"}
    assert room.after(3_600) == set()


def test_a_refused_version_leaves_what_stands(room):
    room.agent.receive(Publisher([STANDING]).publish(NOON))
    room.after(0)
    faulty = envelope(version_text(number=9, texts=[LIVE]), [referral(LIVE, (ANNA,))])
    with pytest.raises(Refused) as refused:
        room.agent.receive(faulty)
    assert room.after(1) == {"film.example"}
    rejection = room.agent.rejection(faulty, refused.value)
    assert (rejection["effect"], rejection["reason"]) == ("rejected", "two-people")
    assert rejection["version"] == 9


def test_an_envelope_without_form_is_rejected_without_a_version(room):
    with pytest.raises(Refused) as refused:
        room.agent.receive(b"{")
    rejection = room.agent.rejection(b"{", refused.value)
    assert (rejection["version"], rejection["digest"]) == (None, None)


def test_a_restart_goes_on_from_the_disk(room):
    publisher = Publisher([LIVE, STANDING])
    room.agent.receive(publisher.publish(NOON))
    room.after(0)
    room.restart()
    assert room.agent.accepted.version.number == 1
    assert room.after(1) == {"192.0.2.7", "film.example"}


def test_after_a_restart_an_older_version_is_still_refused(room):
    publisher = Publisher([STANDING])
    old = publisher.publish(NOON)
    room.agent.receive(publisher.publish(NOON))
    room.restart()
    with pytest.raises(Refused, match="version-old"):
        room.agent.receive(old)


def test_a_list_on_disk_that_was_changed_is_not_used(room):
    room.agent.receive(Publisher([STANDING]).publish(NOON))
    room.after(0)
    path = room.folder / "version.json"
    kept = json.loads(path.read_text())
    kept["version"] = kept["version"].replace('"version":1', '"version":2')
    path.write_text(json.dumps(kept))
    room.restart()
    assert room.after(0) == set()
    assert "list-key" in room.lines[0]


@pytest.mark.parametrize("jump_s", [-3_600, -86_400 * 400, 50])
def test_a_clock_that_jumps_does_not_keep_a_block_alive(room, jump_s):
    room.agent.receive(Publisher([LIVE, STANDING]).publish(NOON))
    room.after(10)
    room.machine.wrong_s = jump_s
    assert room.after(10) == {"192.0.2.7", "film.example"}
    room.restart()
    assert room.after(90) <= {"192.0.2.7", "film.example"}
    assert room.after(10) == {"film.example"}


def test_after_a_boot_a_clock_that_is_behind_blocks_nothing_until_it_is_set(room):
    room.agent.receive(Publisher([STANDING]).publish(NOON))
    room.after(0)
    room.machine.reboot(60)
    room.machine.wrong_s = -room.machine.true_s  # no battery: 1970
    for _ in range(3):  # the agent is started again, too
        room.restart()
        assert room.after(10) == set()
    assert "behind" in room.agent.report()["reason"]
    room.machine.wrong_s = 0.0
    assert room.after(1) == {"film.example"}
    assert room.agent.report()["effect"] == "applied"


def test_a_person_can_say_that_the_clock_is_right_after_it_was_ahead(room):
    room.agent.receive(Publisher([STANDING]).publish(NOON))
    room.machine.wrong_s = 86_400 * 365
    assert room.after(1) == set()
    room.machine.wrong_s = 0.0
    assert room.after(1) == set()
    assert room.agent.outcome()["clock_ahead_s"] == pytest.approx(86_400 * 365)
    store = Store(room.folder)
    store.forget_time()
    store.touched_by("resume")
    assert room.after(1) == {"film.example"}


@pytest.mark.parametrize("zone", ["Europe/Rome", "America/St_Johns", "UTC"])
def test_daylight_saving_moves_no_end(room, monkeypatch, zone):
    change = NOON.replace(month=3, day=29, hour=1, minute=0)  # 02:00 becomes 03:00 in Rome
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        room.machine.true_s = (change - timedelta(minutes=10)).timestamp()
        text = referral_text(entry("a.example", end=change + timedelta(minutes=10)))
        room.agent.receive(Publisher([text]).publish(room.machine.now()))
        assert room.after(1_199) == {"a.example"}
        assert room.after(1) == set()
    finally:
        monkeypatch.undo()
        time.tzset()


def test_what_the_provider_never_blocks_is_refused_by_itself(tmp_path):
    room = Room(tmp_path, names=["bank.example"], networks=["198.51.100.0/24", "2001:db8::/32"])
    text = referral_text(
        entry("pirate.example"),
        entry("bank.example"),
        entry("login.bank.example"),
        entry("notbank.example"),
        entry("example"),
        entry("198.51.100.7", lever="address"),
        entry("2001:db8::7", lever="address"),
        entry("224.0.0.1", lever="address"),
        entry("192.0.2.7", lever="address"),
    )
    room.agent.receive(Publisher([text]).publish(NOON))
    assert room.after(0) == {"pirate.example", "notbank.example", "192.0.2.7"}
    refused = room.agent.report()["refused"]
    assert {row["rule"] for row in refused} == {"never-block"}
    assert [row["target"] for row in refused] == [
        "198.51.100.7",
        "2001:db8::7",
        "224.0.0.1",
        "bank.example",
        "example",
        "login.bank.example",
    ]


def test_a_lever_without_a_driver_is_refused(tmp_path):
    room = Room(tmp_path)
    room.rules = Rules(frozenset(), (), 10, 10, frozenset({"name"}))
    room.restart()
    room.agent.receive(Publisher([LIVE, STANDING]).publish(NOON))
    assert room.after(0) == {"film.example"}
    assert room.agent.report()["refused"][0]["rule"] == "no-driver"


def test_a_version_adds_no_more_than_its_cap_and_the_next_adds_the_rest(tmp_path):
    room = Room(tmp_path, most_changes=3)
    publisher = Publisher([referral_text(*(entry(f"a{n}.example") for n in range(5)))])
    room.agent.receive(publisher.publish(NOON))
    assert len(room.after(0)) == 3
    assert {row["rule"] for row in room.agent.report()["refused"]} == {"cap-changes"}
    room.restart()
    room.agent.receive(publisher.publish(NOON))
    assert len(room.after(0)) == 5
    publisher.texts = []
    room.agent.receive(publisher.publish(NOON))
    assert room.after(0) == set()


def test_no_more_targets_are_blocked_than_the_provider_allows(tmp_path):
    room = Room(tmp_path, most_entries=2)
    publisher = Publisher([referral_text(*(entry(f"b{n}.example") for n in range(2)))])
    room.agent.receive(publisher.publish(NOON))
    publisher.texts.append(referral_text(entry("a.example"), name="R-2"))
    room.agent.receive(publisher.publish(NOON))
    assert room.after(0) == {"b0.example", "b1.example"}
    assert [row["rule"] for row in room.agent.report()["refused"]] == ["cap-entries"]


def test_a_hold_takes_back_the_last_change_and_adds_nothing(room):
    publisher = Publisher([STANDING])
    room.agent.receive(publisher.publish(NOON))
    publisher.texts = [STANDING, LIVE]
    room.agent.receive(publisher.publish(NOON))
    room.agent.receive(publisher.publish(NOON))
    assert room.after(0) == {"film.example", "192.0.2.7"}
    store = Store(room.folder)
    store.set_hold(Hold(max(store.admitted().values()) - 1, "now", "rollback"))
    assert room.after(1) == {"film.example"}
    publisher.texts.append(referral_text(entry("new.example"), name="R-new"))
    room.agent.receive(publisher.publish(NOON))
    assert room.after(1) == {"film.example"}
    report = room.agent.report()
    assert (report["effect"], {row["rule"] for row in report["refused"]}) == ("pending", {"hold"})
    publisher.texts.remove(STANDING)
    room.agent.receive(publisher.publish(NOON))
    assert room.after(1) == set()  # what a version takes away goes, hold or no hold
    room.restart()
    assert room.after(1) == set()
    store.set_hold(None)
    assert room.after(1) == {"192.0.2.7", "new.example"}


def test_a_damaged_word_to_hold_blocks_nothing(room):
    room.agent.receive(Publisher([STANDING]).publish(NOON))
    (room.folder / "hold.json").write_text("{")
    assert room.after(0) == set()


def test_a_driver_that_fails_is_asked_again_and_the_reason_is_sent(room):
    room.notebook.fault = DriverError("notebook: no paper")
    room.agent.receive(Publisher([STANDING]).publish(NOON))
    assert room.after(0) == set()
    assert room.agent.report()["reason"] == "notebook: no paper"
    room.notebook.fault = None
    assert room.after(1) == {"film.example"}
    report = room.agent.report()
    assert report["effect"] == "applied"
    assert report["applied_at"] == "2026-03-14T12:00:01.000Z"
    assert room.lines == ["driver notebook: no paper", "driver notebook works again"]


def test_a_fault_of_a_driver_is_its_own(room):
    room.notebook.fault = ValueError("a fault of ours")
    room.agent.receive(Publisher([STANDING]).publish(NOON))
    room.after(0)
    assert room.agent.report()["reason"] == "ValueError('a fault of ours')"


def test_a_driver_that_hangs_keeps_no_other_from_its_work(tmp_path, monkeypatch):
    monkeypatch.setattr("cautery_provider.agent._PATIENCE_S", 0.05)
    room = Room(tmp_path)
    release = threading.Event()

    class Hanging(Notebook):
        def apply(self, entries, at):
            release.wait(20)
            return super().apply(entries, at)

    hanging = Hanging("hanging")
    room.agent = Agent(
        trust=TRUST,
        rules=room.rules,
        drivers=[hanging, room.notebook],
        store=Store(tmp_path),
        machine=room.machine,
        say=room.lines.append,
    )
    room.agent.receive(Publisher([LIVE]).publish(NOON))
    assert room.after(0) == {"192.0.2.7"}
    assert room.after(200) == set()
    assert room.agent.report()["reason"] == "hanging is busy"
    release.set()
    monkeypatch.setattr("cautery_provider.agent._PATIENCE_S", 20)
    for _ in range(2):  # the answer to the old question, then the new question
        room.after(1)
    assert hanging.standing == {}
    assert room.agent.report()["effect"] == "applied"


def test_a_shadow_says_what_it_would_do(tmp_path):
    lines = []
    agent = Agent(
        trust=TRUST,
        rules=rules(),
        drivers=[Log(lines.append)],
        store=Store(tmp_path),
        machine=Machine(),
        say=lines.append,
        shadow=True,
    )
    agent.receive(Publisher([LIVE]).publish(NOON))
    agent.step()
    assert lines == ["would block address 192.0.2.7"]
    assert agent.report()["effect"] == "pending"


def test_each_target_is_explained(tmp_path):
    room = Room(tmp_path, names=["bank.example"])
    ended = referral_text(
        entry("old.example", end=NOON), entry("bank.example"), entry("gone.example"), name="R-2"
    )
    publisher = Publisher([LIVE, STANDING, ended], withdrawn=[(ended, "gone.example")])
    room.agent.receive(publisher.publish(NOON))
    room.after(121)

    def why(target):
        rows = explained(room.agent, target, room.machine.now(), unfit={})
        return [row["why"] for row in rows]

    assert why("film.example") == ["in force"]
    assert why("old.example") == ["ended"]
    assert why("gone.example") == ["withdrawn"]
    assert why("192.0.2.7") == ["stale: the list is 121 s old, at most 120 s"]
    assert why("bank.example")[0].startswith("never-block: ")
    assert why("nobody.example") == []
    now = room.machine.now()
    [row] = explained(room.agent, "film.example", now, unfit={})
    assert (row["order"], row["blocked"]) == ("TJ 5/26", True)
    [row] = explained(room.agent, "film.example", now, unfit={"name film.example": "too-long: x"})
    assert (row["why"], row["blocked"]) == ("too-long: x", False)


def test_a_hundred_thousand_entries_end_in_one_pass(tmp_path):
    room = Room(tmp_path, most_changes=10**6, most_entries=10**6)
    entries = [entry(f"a{n}.example", end=NOON + timedelta(seconds=10)) for n in range(100_000)]
    room.agent.receive(Publisher([referral_text(*entries)]).publish(NOON))
    assert len(room.after(9)) == 100_000
    assert room.after(1) == set()


def test_the_watchdog_unblocks_everything_when_the_agent_is_dead(room):
    room.agent.receive(Publisher([STANDING]).publish(NOON))
    room.after(0)
    watchdog = Watchdog(
        store=Store(room.folder),
        drivers=[room.notebook],
        machine=room.machine,
        say=room.lines.append,
    )
    room.machine.wrong_s = -10_000  # no clock on the wall bears on it
    room.machine.true_s += 119
    assert not watchdog.look()
    assert room.notebook.standing
    room.machine.true_s += 2
    assert watchdog.look()
    assert room.notebook.standing == {}
    room.agent.step()  # it lives after all: what stands is written anew
    assert set(room.notebook.standing) == {"film.example"}
    assert not watchdog.look()


def test_the_watchdog_tries_again_what_failed_and_waits_after_a_boot(room):
    room.agent.receive(Publisher([STANDING]).publish(NOON))
    room.after(0)
    room.machine.reboot(5_000)
    watchdog = Watchdog(
        store=Store(room.folder),
        drivers=[room.notebook],
        machine=room.machine,
        say=room.lines.append,
    )
    assert not watchdog.look()
    room.machine.true_s += 120
    room.notebook.fault = DriverError("notebook: closed")
    assert watchdog.look()
    assert room.notebook.standing
    room.notebook.fault = None
    assert watchdog.look()
    assert room.notebook.standing == {}
