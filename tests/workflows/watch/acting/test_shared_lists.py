"""The lists of an organisation: many cases, one list a provider, each case with its own entries."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.lists import NOW, ORDER, TRUSTED, CaseKey, approved, entry, referral

from cautery.act import AcceptedList, Envelope, ListTrust, StandingList, id_of_key, read_list
from cautery.act.read_share import MOST_REFERRALS
from cautery.adapters import lists_folder
from cautery.adapters.lists_folder import FolderShares, ListsFolder
from cautery.adapters.public_folder import PublicFolder
from cautery.errors import ApprovalError, SourceError, StorageError
from cautery.model import (
    Acknowledgement,
    Effect,
    Intermediary,
    Lever,
    ListAnswer,
    Referral,
    digest_of,
)
from cautery.model.records import ListAnswered, ListSent
from cautery.workflows.case.public_lists import ListFiles, PublicLists
from cautery.workflows.public.shelf import Shelf
from cautery.workflows.watch.acting.lists import AGAIN_S, RENEWED_S, Lists
from cautery.workflows.watch.acting.organisation import Organisation

from .test_lists import Journal, Provider

ISP = Intermediary(name="isp-fr", territory="FR")
BY_PUT = replace(ISP, list_url="https://isp.example/list")
LIVE = "192.0.2.7"


class House:
    """An organisation: its key, its folder, and the time of its machine."""

    def __init__(self, path: Path) -> None:
        self.key = CaseKey(bytes([7]) * 32)
        self.path, self.up_s, self.moment = path, 1_000.0, NOW
        self.place = ListsFolder(path)
        self.place.begin("", "")
        self.id = StandingList(key=self.key.public, to=ISP, of_organisation=True).id
        self.provider = Provider()

    def case(self, seed: int, to: Intermediary = ISP) -> Case:
        return Case(self, seed, to)

    def pass_s(self, seconds: float) -> None:
        self.up_s += seconds
        self.moment += timedelta(seconds=seconds)

    @property
    def head(self) -> dict[str, Any]:
        raw = PublicFolder(self.path / "public").read(f"lists/{self.id}.json")
        assert raw is not None
        return json.loads(json.loads(raw)["version"])  # type: ignore[no-any-return]

    @property
    def blocked(self) -> set[str]:
        """What a provider that has fetched nothing so far blocks now."""
        return targets(self.fetched())

    def fetched(self, held: AcceptedList | None = None) -> AcceptedList:
        """Return what a provider accepts, with one configuration for all cases."""
        trust = ListTrust(
            provider=ISP.name, territory="FR", approvers=TRUSTED, list_key=self.key.public
        )
        shelf = Shelf(PublicFolder(self.path / "public"))
        shelved = shelf.list(self.id)
        assert shelved is not None
        body = b"".join(shelf.pieces(shelved, since=None))
        return read_list(body, trust, now=self.moment, held=held)


class Case:
    """A case of the organisation with its watch, which may be killed and started again."""

    def __init__(self, house: House, seed: int, to: Intermediary) -> None:
        self.house, self.to = house, to
        self.key, self.journal = CaseKey(bytes([seed]) * 32), Journal()
        self.shares = FolderShares(
            house.path, id_of_key(self.key.public), uptime=lambda: ("boot", house.up_s)
        )
        self.begin()

    def begin(self) -> None:
        self.journal.moment = self.house.moment
        self.lists = Lists(
            [self.to],
            signer=self.key,  # type: ignore[arg-type]
            publisher=PublicLists(None, by_put=self.house.provider),
            journal=self.journal,  # type: ignore[arg-type]
            organisation=Organisation(
                signer=self.house.key,  # type: ignore[arg-type]
                shares=self.shares,
                approvers=TRUSTED,
                files=ListFiles(self.house.place.public()),
            ),
        )

    def add(self, *targets: str) -> Referral:
        entries = [
            entry(target, Lever.ADDRESS if target == LIVE else Lever.NAME) for target in targets
        ]
        subject = referral(*entries)
        self.lists.add(approved(subject, self.key, on=self.house.key.public), ORDER, self.to)
        return subject

    async def work(self) -> None:
        self.journal.moment = self.house.moment
        await self.lists.send(patience_s=None)

    def written(self, kind: type) -> list[Any]:
        return [each for each in self.journal.written if isinstance(each, kind)]


def targets(accepted: AcceptedList) -> set[str]:
    return {each.target for each in accepted.entries}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "lists")


async def test_two_cases_at_once_have_their_entries_on_one_list(house: House) -> None:
    first, second = house.case(1), house.case(2)
    ours = first.add("a.example")
    await first.work()
    second.add("b.example")
    await second.work()
    assert (house.blocked, house.head["version"]) == ({"a.example", "b.example"}, 2)
    first.lists.withdraw(ours.id, "a.example")
    await first.work()
    assert (house.blocked, house.head["version"]) == ({"b.example"}, 3)
    assert first.journal.failures + second.journal.failures == []


async def test_the_record_of_a_case_has_the_whole_version_and_no_referral_of_another_case(
    house: House,
) -> None:
    first, second = house.case(1), house.case(2)
    first.add("a.example")
    await first.work()
    theirs = second.add("b.example")
    await second.work()
    [sent] = second.written(ListSent)
    assert sent.referrals == (theirs.id,)
    sealed = json.loads(second.journal.sealed[0])
    assert digest_of(sealed["version"].encode()) == sent.digest
    assert len(json.loads(sealed["version"])["referrals"]) == 2
    [part] = sealed["referrals"]
    assert json.loads(part["text"])["referral"] == theirs.id


async def test_a_provider_follows_case_after_case_with_one_configuration(house: House) -> None:
    held = None
    for seed, target in enumerate(["a.example", "b.example", "c.example"], start=1):
        case = house.case(seed)
        subject = case.add(target)
        await case.work()
        held = house.fetched(held)
        assert target in targets(held)
        house.pass_s(1)
        case.lists.withdraw(subject.id, target)
        await case.work()
        held = house.fetched(held)
        assert targets(held) == set()
        house.pass_s(60)
    assert held is not None
    assert held.version == 6


async def test_one_case_renews_the_list_for_all(house: House) -> None:
    cases = [house.case(seed) for seed in range(1, 6)]
    for seed, case in enumerate(cases):
        case.add(f"a{seed}.example")
        await case.work()
    begun = house.head["version"]
    for _ in range(30):
        house.pass_s(10)
        for case in cases:
            await case.work()
    assert house.head["version"] - begun == pytest.approx(10, abs=1)
    assert len(house.blocked) == 5


async def test_live_entries_of_a_killed_case_end_though_others_renew_the_list(
    house: House,
) -> None:
    """The versions of the other case kept them alive to their signed end."""
    dead, alive = house.case(1), house.case(2)
    dead.add(LIVE, "film.example")
    await dead.work()
    alive.add("b.example")
    await alive.work()
    assert house.blocked == {LIVE, "film.example", "b.example"}
    for _ in range(12):
        house.pass_s(10)
        await alive.work()
    assert house.blocked == {"film.example", "b.example"}
    dead.begin()
    dead.add(LIVE, "film.example")
    await dead.work()
    assert house.blocked == {LIVE, "film.example", "b.example"}


@pytest.mark.parametrize("seconds", [-7_200, 3_600])
async def test_a_clock_that_is_set_ends_no_entry_of_a_live_case(
    house: House, seconds: float
) -> None:
    first, second = house.case(1), house.case(2)
    first.add(LIVE)
    await first.work()
    second.add("b.example")
    await second.work()
    held = house.fetched()
    right = house.moment
    house.moment += timedelta(seconds=seconds)
    for _ in range(6):
        house.pass_s(10)
        for case in (second, first):
            await case.work()
    numbers = house.head["version"]
    house.moment = max(house.moment, right)
    later = house.fetched(held)
    assert targets(later) == {LIVE, "b.example"}
    assert (later.version, later.made_at >= held.made_at) == (numbers, True)


async def test_a_case_that_was_killed_before_it_signed_loses_nothing_once_it_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed, other = house.case(1), house.case(2)
    with monkeypatch.context() as patch:
        patch.setattr(house.key, "sign_list", raising)
        killed.add("a.example")
        await killed.work()
    other.add("b.example")
    await other.work()
    assert (house.blocked, house.head["version"]) == ({"b.example"}, 1)
    killed.begin()
    killed.add("a.example")
    await killed.work()
    assert (house.blocked, house.head["version"]) == ({"a.example", "b.example"}, 2)


async def test_a_version_that_was_signed_and_not_published_costs_nobody_an_entry(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed, idle, other = house.case(1), house.case(2), house.case(3)
    idle.add("idle.example")
    await idle.work()
    with monkeypatch.context() as patch:
        patch.setattr(ListFiles, "write", raising)
        killed.add("a.example")
        await killed.work()
    assert house.blocked == {"idle.example"}
    other.add("b.example")
    await other.work()
    assert house.blocked == {"a.example", "b.example", "idle.example"}
    assert len(list((house.path / "shares").rglob("*.version"))) == 1


@pytest.mark.parametrize("lost", ["deleted", "emptied", "the one before"])
async def test_a_public_folder_that_lost_the_last_version_lifts_no_block_of_an_ended_case(
    house: House, lost: str
) -> None:
    ended, alive = house.case(1), house.case(2)
    ended.add("standing.example")
    await ended.work()
    alive.add("b.example")
    head = house.path / "public" / "lists" / f"{house.id}.json"
    before = head.read_bytes()
    await alive.work()
    if lost == "deleted":
        head.unlink()
    else:
        head.write_bytes(b"" if lost == "emptied" else before)
    for _ in range(3):
        house.pass_s(RENEWED_S + 1)
        await alive.work()
    assert house.blocked == {"standing.example", "b.example"}
    assert alive.journal.failures == []


async def test_a_last_version_that_is_gone_everywhere_is_told_once(house: House) -> None:
    ended, alive = house.case(1), house.case(2)
    ended.add("standing.example")
    await ended.work()
    alive.add("b.example")
    await alive.work()
    (house.path / "public" / "lists" / f"{house.id}.json").unlink()
    for noted in (house.path / "shares" / house.id).glob("*.version"):
        noted.unlink()
    for _ in range(3):
        house.pass_s(RENEWED_S + 1)
        await alive.work()
    assert house.blocked == {"b.example"}
    (told,) = alive.journal.failures
    assert "cases that have ended" in str(told)


async def test_nobody_with_the_folder_alone_puts_an_approved_referral_on_the_list(
    house: House,
) -> None:
    """Two people approved it, and the guard refused it, say: its case has not sent it."""
    refused, other = house.case(1), house.case(2)
    refused.add("refused.example")
    FolderShares(house.path, "f" * 16).keep(house.id, share_of(refused))
    other.add("b.example")
    await other.work()
    assert house.blocked == {"b.example"}


async def test_nobody_with_the_folder_alone_puts_back_what_a_case_took_off(house: House) -> None:
    case, other = house.case(1), house.case(2)
    ours = case.add("wrong.example")
    await case.work()
    before = share_of(case)
    case.lists.withdraw(ours.id, "wrong.example")
    await case.work()
    case.shares.keep(house.id, before)
    FolderShares(house.path, "f" * 16).keep(house.id, before)
    other.add("b.example")
    await other.work()
    assert house.blocked == {"b.example"}
    (house.path / "public" / "lists" / f"{house.id}.json").unlink()
    other.add("c.example")
    await other.work()
    assert house.blocked == {"b.example", "c.example"}


async def test_a_case_whose_entry_lapsed_by_mistake_puts_it_back(house: House) -> None:
    """Its process was stopped for some minutes, and then went on."""
    stopped, other = house.case(1), house.case(2)
    stopped.add(LIVE)
    await stopped.work()
    other.add("b.example")
    await other.work()
    for _ in range(12):
        house.pass_s(10)
        await other.work()
    assert house.blocked == {"b.example"}
    await stopped.work()
    assert house.blocked == {LIVE, "b.example"}


def share_of(case: Case) -> bytes:
    """What a case has on its list, sent or not."""
    return case.lists._courses[case.to.name].list.share.to_bytes()


async def test_a_version_that_nobody_saw_is_made_again_at_the_next_renewal(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its maker was killed after the signature; it held a withdrawal."""
    killed, other = house.case(1), house.case(2)
    subject = killed.add("a.example")
    await killed.work()
    other.add("b.example")
    await other.work()
    house.pass_s(RENEWED_S - 1)
    with monkeypatch.context() as patch:
        patch.setattr(ListFiles, "write", raising)
        killed.lists.withdraw(subject.id, "a.example")
        await killed.work()
    assert house.blocked == {"a.example", "b.example"}
    house.pass_s(1)
    await other.work()
    assert (house.blocked, house.head["version"]) == ({"b.example"}, 4)


async def test_a_case_that_goes_on_takes_off_what_its_ledger_does_not_hold(house: House) -> None:
    case, other = house.case(1), house.case(2)
    case.add("a.example", "b.example")
    await case.work()
    other.add("c.example")
    await other.work()
    case.begin()
    house.pass_s(RENEWED_S)
    await case.work()
    assert house.blocked == {"c.example"}


async def test_a_share_that_a_provider_would_refuse_costs_its_case_alone(house: House) -> None:
    good, bad = house.case(1), house.case(2)
    bad.add("b.example")
    await bad.work()
    path = house.path / "shares" / house.id / f"case-{id_of_key(bad.key.public)}.json"
    share = json.loads(path.read_bytes())
    share["referrals"][0]["approvals"].pop()
    for content in (json.dumps(share).encode(), b"{}", b"\xff", b'{"type": 3}'):
        path.write_bytes(content)
        house.pass_s(RENEWED_S)
        good.add("a.example")
        await good.work()
        assert house.blocked == {"a.example"}
    faults = [line for line in good.journal.failures if id_of_key(bad.key.public) in line]
    assert len(faults) == 2
    assert "two-people" in faults[0]
    assert "cautery/list-share/1" in faults[1]
    await bad.work()
    assert house.blocked == {"a.example", "b.example"}


async def test_a_false_share_makes_few_records_and_costs_its_case_alone(house: House) -> None:
    ours, theirs = house.case(1), house.case(2)
    theirs.add("theirs.example")
    await theirs.work()
    ours.add("ours.example")
    await ours.work()
    parts = [{"text": "x" * number + "\ud800", "approvals": []} for number in range(2_000)]
    share = {"type": "cautery/list-share/1", "referrals": parts, "withdrawn": []}
    folder = house.path / "shares" / house.id
    for number in range(3):
        (folder / f"case-0{number}.json").write_text(json.dumps(share))
        share["referrals"] = [
            {"text": f"{number} {part['text']}", "approvals": []} for part in parts
        ]
    share["referrals"] = [parts[0]] * (MOST_REFERRALS + 1)
    (folder / "case-09.json").write_text(json.dumps(share))
    for _ in range(2):
        house.pass_s(RENEWED_S + 1)
        await ours.work()
    assert house.blocked == {"ours.example", "theirs.example"}
    assert 1 < len(ours.journal.failures) <= 100


def test_of_many_large_shares_the_smallest_are_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists_folder, "_MAX_SHARES_BYTES", 1_000)
    shares = [FolderShares(house.path, name) for name in ("a", "b", "c", "d")]
    for each, size in zip(shares, (900, 0, 600, 90), strict=True):
        each.keep(house.id, b"x" * size)
    read = {case: len(raw) for case, raw, _ in FolderShares(house.path, "e").others(house.id)}
    assert read == {"b": 0, "d": 90, "c": 600, "a": 0}


async def test_a_referral_for_another_list_is_not_put_on_it(house: House) -> None:
    case = house.case(1)
    for on in (None, CaseKey(bytes([8]) * 32).public):
        with pytest.raises(ApprovalError, match="another list"):
            case.lists.add(approved(referral(entry("a.example")), case.key, on=on), ORDER, ISP)
    await case.work()
    assert not (house.path / "public" / "lists" / f"{house.id}.json").exists()


async def test_what_has_ended_leaves_the_list_and_the_folder(house: House) -> None:
    case, other = house.case(1), house.case(2)
    for each in (case, other):
        each.add(f"{id_of_key(each.key.public)}.example")
        await each.work()
    house.moment += timedelta(hours=3)
    await case.work()
    assert house.head["referrals"] == []
    shares = house.path / "shares" / house.id
    assert [path.name for path in shares.glob("*.json")] == [
        f"case-{id_of_key(other.key.public)}.json"
    ]
    house.moment += timedelta(days=8)
    third = house.case(3)
    third.add("c.example")
    await third.work()
    assert list(shares.glob("*.json")) == []


# -- what providers say ----------------------------------------------------------------------------


def say(house: House, number: int, **more: Any) -> None:
    answer = {
        "list": house.id, "version": house.head["version"], "digest": None, "effect": "applied",
        "applied_at": None, "reason": None, "refused": [],
    } | more  # fmt: skip
    PublicFolder(house.path / "public").write(
        f"answers/{house.id}.{number:06d}.json", json.dumps(answer).encode()
    )


async def test_every_case_hears_what_a_provider_says_of_its_own_entries(house: House) -> None:
    first, second = house.case(1), house.case(2)
    ids = []
    for case, target in ((first, "a.example"), (second, "b.example")):
        ids.append(case.add(target).id)
        await case.work()
    refused = [
        {"target": target, "lever": "name", "rule": "never-block", "reason": "ours"}
        for target in ("a.example", "x.example")
    ]
    say(house, 1, refused=refused)
    house.pass_s(10)
    for case in (first, second):
        await case.work()
    assert [
        (told.effect, [row.target for row in told.refused])
        for case in (first, second)
        for told in case.written(ListAnswered)
    ] == [(Effect.APPLIED, ["a.example"]), (Effect.APPLIED, [])]
    assert [
        claim.referral for case in (first, second) for claim in case.written(Acknowledgement)
    ] == ids


async def test_a_case_does_not_hear_what_was_said_before_it_had_an_entry(house: House) -> None:
    first = house.case(1)
    first.add("a.example")
    await first.work()
    say(house, 1)
    second = house.case(2)
    for number in (2, 3):
        await second.work()
        house.pass_s(10)
        say(house, number)
    await second.work()
    second.add("b.example")
    for _ in range(3):
        await second.work()
        house.pass_s(10)
    assert second.written(ListAnswered) == []


async def test_a_version_is_never_dated_before_one_that_a_provider_took_of_another_case(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = house.case(1), house.case(2)
    second.add("b.example")
    await second.work()
    house.pass_s(10)
    first.add("a.example")
    await first.work()
    held = house.fetched()
    say(house, 1, digest=held.digest)
    await second.work()
    house.pass_s(10)
    await second.work()
    house.moment -= timedelta(hours=1)
    with monkeypatch.context() as patch:
        patch.setattr(ListFiles, "write", raising)
        second.add("c.example")
        await second.work()
    house.pass_s(AGAIN_S)
    await second.work()
    house.moment += timedelta(hours=1)
    assert targets(house.fetched(held)) == {"a.example", "b.example", "c.example"}


# -- by PUT ----------------------------------------------------------------------------------------


async def test_a_version_that_arrives_after_a_later_one_is_no_failure_and_is_sent_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, fast = house.case(1, BY_PUT), house.case(2, BY_PUT)
    publish = house.provider.publish

    async def late(envelope: Envelope, **more: Any) -> ListAnswer:
        monkeypatch.setattr(house.provider, "publish", publish)
        fast.add("b.example")
        await fast.work()
        raise SourceError("isp-fr answered 409 to version 1 of its list: version-old")

    monkeypatch.setattr(house.provider, "publish", late)
    slow.add("a.example")
    await slow.work()
    assert (slow.journal.failures, slow.written(ListSent)) == ([], [])
    house.pass_s(AGAIN_S)
    await slow.work()
    assert [sent.version for sent in slow.written(ListSent)] == [3]
    assert house.provider.versions == [2, 3]


async def test_a_folder_that_is_full_does_not_keep_a_list_from_being_handed_in(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = house.case(1, BY_PUT)
    case.add("a.example")
    monkeypatch.setattr(ListFiles, "write", raising)
    await case.work()
    assert house.provider.versions == [1]
    assert "no space left" in case.journal.failures[0]


def raising(*_: object, **__: object) -> None:
    raise StorageError("no space left")


@pytest.mark.parametrize(
    "false",
    [b"[" * 60_000, rb'{"version":"\ud800"}', b"{}", b"null", b"\xff"],
    ids=["deep", "no text", "nothing in it", "null", "no UTF-8"],
)
async def test_what_somebody_puts_in_the_place_of_the_public_list_ends_no_watch(
    house: House, false: bytes
) -> None:
    alive, other = house.case(1), house.case(2)
    alive.add("a.example")
    await alive.work()
    house.pass_s(20)
    other.add("b.example")
    await other.work()
    house.pass_s(11)
    (house.path / "public" / "lists" / f"{house.id}.json").write_bytes(false)
    await alive.work()
    house.pass_s(20)
    await alive.work()
    assert house.blocked == {"a.example", "b.example"}
