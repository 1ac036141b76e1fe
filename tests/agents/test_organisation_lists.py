"""One agent, configured once, follows the cases of an organisation: in a row, and two at once."""

import random
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from provider_lists import Machine, Notebook
from provider_room import rules
from tests.lists import NOW, ORDER, RAW, CaseKey, approved, entry, referral

from cautery.act import StandingList
from cautery.adapters.public_folder import PublicFolder
from cautery.model import Intermediary, Lever
from cautery.model.web import Asked
from cautery.workflows.case.public_lists import ListFiles
from cautery.workflows.public.feeds import Feeds
from cautery.workflows.public.shelf import Shelf
from cautery_provider.agent import Agent
from cautery_provider.keys import Trust
from cautery_provider.rules import Refused
from cautery_provider.store import Store

ISP = Intermediary(name="isp-fr", territory="FR")
LISTS = CaseKey(bytes([7]) * 32)
CERTIFICATE = "a" * 64


class Case:
    def __init__(self, seed):
        self.key = CaseKey(bytes([seed]) * 32)
        self.standing = StandingList(key=LISTS.public, to=ISP, of_organisation=True)

    def add(self, *entries, on=LISTS.public):
        subject = referral(*entries)
        self.standing.add(approved(subject, self.key, on=on), ORDER)
        return subject


class Desk:
    """The organisation's folder, its feed, and the agent of a provider."""

    def __init__(self, folder):
        self.id = Case(1).standing.id
        public = PublicFolder(folder / "public", make=True)
        self.files = ListFiles(public)
        self.feeds = Feeds([Shelf(public)], allowed={self.id: {CERTIFICATE}}, rng=random.Random(1))
        keys = [Ed25519PublicKey.from_public_bytes(raw) for raw in (LISTS.public, *RAW)]
        self.machine, self.notebook = Machine(NOW), Notebook()
        self.agent = Agent(
            trust=Trust((self.id, ISP.name, ISP.territory), keys[0], tuple(keys[1:])),
            rules=rules(),
            drivers=[self.notebook],
            store=Store(folder / "state"),
            machine=self.machine,
            say=lambda line: None,
        )

    def publish(self, maker, *others):
        """Let one case make the next version with what the others have."""
        last = LISTS.last_list(self.id)
        maker.standing.version, maker.standing.previous = last[:2] if last else (0, None)
        version = maker.standing.next_version(
            self.machine.now(), others=[case.standing.share for case in others]
        )
        self.files.write(maker.standing.signed(version, LISTS.sign_list(version.text)))

    def blocked(self, seconds=10):
        """Return what the provider blocks after it has asked for its list, as it does."""
        self.machine.true_s += seconds
        since = self.agent.accepted.digest if self.agent.accepted else None
        asked = Asked(
            method="GET",
            path=f"/lists/{self.id}",
            address="192.0.2.1",
            certificate=CERTIFICATE,
            query={} if since is None else {"since": since},
            headers={} if since is None else {"if-none-match": f'"{since}"'},
        )
        answer = self.feeds.answer(asked, self.machine.now())
        if answer.status == 200:
            self.agent.receive(b"".join(answer.pieces))
        self.agent.step()
        return set(self.notebook.standing)


@pytest.fixture
def desk(tmp_path):
    LISTS._heads.clear()
    return Desk(tmp_path)


def test_case_after_case_is_followed_without_another_configuration(desk):
    for seed, name in ((1, "a.example"), (2, "b.example"), (3, "c.example")):
        case = Case(seed)
        subject = case.add(entry(name))
        desk.publish(case)
        assert desk.blocked() == {name}
        case.standing.withdraw(subject.id, name)
        desk.publish(case)
        assert desk.blocked() == set()
    assert desk.agent.accepted.version.number == 6


def test_two_cases_at_once_are_followed_and_each_takes_off_its_own(desk):
    first, second = Case(1), Case(2)
    ours = first.add(entry("a.example"), entry("192.0.2.7", Lever.ADDRESS))
    desk.publish(first)
    second.add(entry("b.example"))
    desk.publish(second, first)
    assert desk.blocked() == {"a.example", "192.0.2.7", "b.example"}
    first.standing.withdraw(ours.id, "a.example")
    desk.publish(first, second)
    assert desk.blocked() == {"192.0.2.7", "b.example"}
    for _ in range(5):  # the first is dead, and the second renews the list
        desk.machine.true_s += 20
        desk.publish(second, first)
        assert desk.blocked() == {"192.0.2.7", "b.example"}
    lapsed = Case(1)
    lapsed.standing.share = first.standing.share.lapsed(91)
    desk.publish(second, lapsed)
    assert desk.blocked() == {"b.example"}


def test_a_referral_that_was_approved_for_another_list_is_refused(desk):
    for on in (None, CaseKey(bytes([9]) * 32).public):
        case = Case(1)
        case.add(entry("a.example"), on=on)
        desk.publish(case)
        with pytest.raises(Refused, match="two-people"):
            desk.blocked()


def test_an_approval_for_a_list_counts_on_no_list_of_its_case(desk):
    key = CaseKey(bytes([1]) * 32)
    standing = StandingList(key=key.public, to=ISP)
    standing.add(approved(referral(entry("a.example")), key, on=LISTS.public), ORDER)
    version = standing.next_version(NOW)
    body = standing.signed(version, key.sign_list(version.text)).body()
    trust = Trust(
        (standing.id, ISP.name, ISP.territory),
        Ed25519PublicKey.from_public_bytes(key.public),
        tuple(Ed25519PublicKey.from_public_bytes(raw) for raw in RAW),
    )
    from cautery_provider.verifier import verify

    with pytest.raises(Refused, match="two-people"):
        verify(body, trust, None, NOW + timedelta(seconds=1))
