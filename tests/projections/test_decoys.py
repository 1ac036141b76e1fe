"""What of a blind test counts, and a case without the decoys that are opened."""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from cautery.act import subjects_of
from cautery.errors import UnaskedError, UnrevealedError
from cautery.evidence import decoys as evidence
from cautery.formats.named_hosts import hosts_in
from cautery.lab.blind_acts import END, MANDATE, NIGHT, START, BlindActs, wide
from cautery.lab.keeper import Mood, lab_keeper
from cautery.messages import message
from cautery.model import (
    ActionPlan,
    Digest,
    Estimate,
    Finding,
    Notice,
    RedactedUrl,
    Referral,
    SupplyGraph,
    Verdict,
    digest,
    digest_of,
    has_own_id,
    host_of,
    notice_id,
    referral_id,
)
from cautery.model.decoys import KeeperAnswer, KeeperQuestion
from cautery.model.ledger import contents
from cautery.model.message import as_written
from cautery.model.records import (
    AssetFacts,
    DecoyRevealed,
    DecoysAnswered,
    DecoysPlanned,
    EntryWithdrawn,
    ProbeDone,
    ReferralPublished,
)
from cautery.projections import Acts, MandateInForce, Tally, folded
from cautery.projections import decoys as projection
from cautery.projections.blind_account import account_in
from cautery.projections.decoys import Decoys
from cautery.projections.without_decoys import EXPOSURE, outward, without_decoys
from cautery.workflows.dossier.audiences import SHOWN, Audience
from cautery.workflows.dossier.extract import extract_of
from cautery.workflows.watch.after_reveal import computed_anew

SEED = 1
"""A case of this seed has decoys and others."""


@pytest.fixture
def acts() -> BlindActs:
    """A case in which all but one decoy is proven, and one referral names all that is."""
    made = BlindActs(SEED)
    decoys = [which for which, each in enumerate(made.suspects) if each.decoy is not None]
    assert 1 < len(decoys) < len(made.suspects) - 1
    made.plan()
    for which in range(len(made.suspects)):
        if which != decoys[-1]:
            made.prove(which)
    made.map()
    made.refer(everything=True, together=True)
    made.approve(0)
    made.approve(1)
    return made


def decoys_in(acts: BlindActs) -> Decoys:
    return Decoys().read_on(acts.ledger)


def own(acts: BlindActs) -> set[str]:
    return {each.host for each in acts.suspects if each.decoy is not None}


def test_the_first_plan_that_the_named_planner_signed_counts_and_no_other(acts: BlindActs) -> None:
    acts.forge(0)
    acts.plan()
    decoys = decoys_in(acts)
    assert decoys.sealed == acts.keeper.sealed
    assert decoys.passed_over.total() == 2
    assert decoys.secret
    assert decoys.unopened == len(own(acts))


def test_before_the_plan_is_on_record_a_mandate_with_decoys_is_secret_too() -> None:
    acts = BlindActs(SEED)
    assert decoys_in(acts).secret
    acts.forge(0)
    assert decoys_in(acts).secret
    assert decoys_in(acts).planned is None


def test_a_plan_for_another_mandate_counts_for_nothing() -> None:
    acts = BlindActs(SEED)
    acts.keeper.sealed = replace(acts.keeper.sealed, mandate=acts.signed_for.mandate[:-1] + "0")
    acts.plan()
    assert decoys_in(acts).planned is None


def test_an_act_is_let_out_on_the_record_of_its_own_answer_alone(acts: BlindActs) -> None:
    [(_, referral), *_] = contents(acts.ledger, Referral)
    with pytest.raises(UnaskedError):
        decoys_in(acts).void(referral)
    asyncio.run(acts.hear())
    answered = [record for _, record in contents(acts.ledger, DecoysAnswered)]
    assert [record.act for record in answered] == [referral.id]
    void = decoys_in(acts).void(referral)
    targets = {entry.target for entry in referral.entries}
    expected = {
        target
        for each in acts.suspects
        if each.decoy is not None
        for target in (each.host, each.address)
    }
    assert void == targets & expected
    other = replace(referral, id="R-000000000000")
    with pytest.raises(UnaskedError):
        decoys_in(acts).void(other)


def test_a_decoy_of_an_answer_that_is_not_on_record_makes_the_answer_count_for_nothing(
    acts: BlindActs,
) -> None:
    asyncio.run(acts.hear())
    kept = [
        entry
        for entry in acts.ledger.entries
        if not isinstance(entry.content, DecoyRevealed | EntryWithdrawn)
    ]
    assert len(kept) < len(acts.ledger.entries)
    acts.ledger.entries = kept
    [(_, referral), *_] = contents(acts.ledger, Referral)
    with pytest.raises(UnaskedError):
        decoys_in(acts).void(referral)


def test_answers_that_are_appended_cost_no_look_at_a_long_act_each(
    acts: BlindActs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who can append copies a signed answer, or makes one up, and lets it name any act."""
    asyncio.run(acts.hear())
    [(_, referral), *_] = contents(acts.ledger, Referral)
    other = replace(referral, id="", statement="long" * 1000)
    other = replace(other, id=referral_id(other))
    acts.journal.write(other)
    [(_, honest)] = contents(acts.ledger, DecoysAnswered)
    answer = honest.answer
    made_up = replace(honest, answer=replace(answer, question=acts.signed_for.mandate))
    for record in (honest, replace(honest, act=other.id), made_up) * 5:
        acts.journal.write(record)
    looks: list[str] = []

    def counted(act: Referral) -> Digest:
        looks.append(act.id)
        return digest(act)

    monkeypatch.setattr(projection, "digest", counted)
    monkeypatch.setattr(evidence, "digest", counted)
    decoys = decoys_in(acts)
    assert len(looks) <= 2
    assert decoys.passed_over.total() == 15
    assert decoys.may_pass(referral)
    assert not decoys.may_pass(other)


def test_a_keeper_that_left_out_a_decoy_is_found_when_all_is_revealed(acts: BlindActs) -> None:
    """The planner's key signs both, so nobody can see it before."""
    everything, acts.keeper.leaves = acts.keeper.leaves, ()
    asyncio.run(acts.hear())
    assert decoys_in(acts).unsaid == ()
    acts.keeper.leaves = everything
    acts.clock.pass_s((END - acts.clock.now()).total_seconds())
    acts.reveal(abandoned=False)
    [(_, referral), *_] = contents(acts.ledger, Referral)
    assert decoys_in(acts).unsaid == (referral.id,)
    asyncio.run(acts.hear())  # and they come off the list
    targets = {entry.target for entry in referral.entries}
    assert withdrawn(acts) == {target for target in targets if decoys_in(acts).meets(target)}
    assert withdrawn(acts) != set()


def withdrawn(acts: BlindActs) -> set[str]:
    return {record.target for _, record in contents(acts.ledger, EntryWithdrawn)}


@pytest.mark.parametrize("abandoned", [True, False])
def test_a_planner_alone_lifts_nothing_in_the_night_that_two_people_let_out(
    acts: BlindActs, *, abandoned: bool
) -> None:
    """Neither at once, nor when the watch goes on from its records, nor when it sends anew."""
    everything, acts.keeper.leaves = acts.keeper.leaves, ()
    asyncio.run(acts.hear())
    blocked = set(acts.provider.blocked)
    acts.keeper.leaves = everything
    acts.reveal(abandoned=abandoned)
    assert any(decoys_in(acts).meets(target) for target in blocked)
    asyncio.run(acts.hear())
    acts.resume()
    acts.clock.pass_s(60)
    asyncio.run(acts.hear())
    assert acts.clock.now() < END
    assert withdrawn(acts) == set()
    assert acts.provider.blocked == blocked


def test_a_plan_that_was_abandoned_lifts_no_block_when_the_night_is_over_either(
    acts: BlindActs,
) -> None:
    everything, acts.keeper.leaves = acts.keeper.leaves, ()
    asyncio.run(acts.hear())
    acts.keeper.leaves = everything
    acts.reveal(abandoned=True)
    [(_, referral), *_] = contents(acts.ledger, Referral)
    assert decoys_in(acts).lifted(referral, now=END) == frozenset()


def test_a_second_answer_to_an_act_that_has_left_lifts_nothing(acts: BlindActs) -> None:
    """The planner can sign what the keeper did not say before the act left."""
    everything, acts.keeper.leaves = acts.keeper.leaves, ()
    asyncio.run(acts.hear())
    acts.keeper.leaves = everything
    acts.reveal(abandoned=False)
    [(_, referral), *_] = contents(acts.ledger, Referral)
    [(_, answered)] = contents(acts.ledger, DecoysAnswered)
    question = KeeperQuestion(
        root=acts.keeper.sealed.root,
        nonce="1" * 64,
        act=referral,
        approvals=answered.approvals,
        signed_for=answered.signed_for,
    )
    answer = asyncio.run(acts.keeper.ask(question))
    assert answer.openings
    acts.journal.write(replace(answered, nonce=question.nonce, answer=answer))
    decoys = decoys_in(acts)
    assert decoys.is_met(answer.openings[0].index)
    assert decoys.lifted(referral, now=acts.clock.now()) == frozenset()


def test_before_the_reveal_nothing_is_given_out_and_after_it_no_decoy_is(acts: BlindActs) -> None:
    with pytest.raises(UnrevealedError, match="a dossier: this does not leave"):
        outward(acts.ledger, what="a dossier")
    asyncio.run(acts.hear())
    with pytest.raises(UnrevealedError):
        outward(acts.ledger, what="a dossier")
    acts.reveal(abandoned=False)
    shown = outward(acts.ledger, what="a dossier")
    text = "".join(f"{entry.record.body}{entry.leaf!r}" for entry in shown.read())
    assert not any(host in text for host in own(acts))
    proven = {verdict.url.host for _, verdict in contents(shown, Verdict)}
    assert proven == {each.host for each in acts.suspects} - own(acts)
    kinds = {type(entry.content) for entry in shown.read()}
    assert DecoysPlanned in kinds  # that there were decoys is no secret
    assert not kinds & {DecoyRevealed, DecoysAnswered}


def test_a_referral_is_shown_without_its_decoys_and_still_has_its_id_and_its_signatures(
    acts: BlindActs,
) -> None:
    asyncio.run(acts.hear())
    acts.reveal(abandoned=False)
    [(_, whole), *_] = contents(acts.ledger, Referral)
    left = [entry for entry in whole.entries if not decoys_in(acts).meets(entry.target)]
    [(_, part)] = contents(without_decoys(acts.ledger), Referral)
    assert 0 < len(left) < len(whole.entries)
    assert list(part.entries) == left
    assert has_own_id(part)
    assert subjects_of(part, MANDATE) == subjects_of(whole, MANDATE)
    published = [each for _, each in contents(without_decoys(acts.ledger), ReferralPublished)]
    assert {target for each in published for target in each.targets} == {
        entry.target for entry in left
    }
    heard = folded(Acts(), without_decoys(acts.ledger).read())
    assert heard.passed_over.total() == 0
    assert part.id in heard.referrals


def test_a_map_and_a_plan_are_kept_without_decoys_and_not_replaced_by_older_ones(
    acts: BlindActs,
) -> None:
    asyncio.run(acts.hear())
    acts.reveal(abandoned=False)
    before = [graph for _, graph in contents(acts.ledger, SupplyGraph)]
    [graph, anew] = [graph for _, graph in contents(without_decoys(acts.ledger), SupplyGraph)]
    hosts = {asset.value for asset in graph.assets if asset.kind == "host"}
    assert hosts == {each.host for each in acts.suspects} - own(acts)
    assert len(graph.edges) == len(hosts)
    members = {member.host for network in anew.networks for member in network.members}
    assert members == hosts
    assert len(before) == 2
    [(_, plan), *_] = contents(without_decoys(acts.ledger, redacts=False), ActionPlan)
    streams = {url for act in (*plan.chosen, *plan.refused) for url in act.streams}
    assert plan.served_before == len(hosts)
    assert plan.served_after == len(plan.uncovered)
    assert plan.bound <= plan.cost == len(plan.chosen)
    assert streams | set(plan.uncovered) == {
        each.url for each in acts.suspects if each.decoy is None
    }


def test_what_was_estimated_with_decoys_counts_no_more_once_they_are_revealed(
    acts: BlindActs,
) -> None:
    exposure = Estimate(
        quantity=message("quantity.exposure-of", event="derby"),
        unit="stream-minutes",
        low=0,
        mid=1e6,
        high=1e6,
        method=as_written("lab"),
    )
    assert exposure.quantity.id == EXPOSURE
    acts.journal.write(exposure)
    acts.reveal(abandoned=False)
    [anew] = [estimate for _, estimate in contents(without_decoys(acts.ledger), Estimate)]
    assert anew.mid < 1e6
    assert anew.note is not None
    assert anew.note.values["count"] == len(acts.suspects) - len(own(acts))
    assert list(computed_anew(MANDATE, acts.ledger)) == []  # once


def test_the_host_of_a_decoy_is_found_in_a_text_and_a_longer_name_is_not(acts: BlindActs) -> None:
    acts.reveal(abandoned=False)
    decoys = decoys_in(acts)
    decoy = next(each for each in acts.suspects if each.decoy is not None)
    for text in (
        decoy.url,
        decoy.host.upper(),
        f"x.{decoy.host}",
        f"at {decoy.address}.",
        f'"{decoy.address}"',
    ):
        assert decoys.mentions(text), text
    for text in (f"{decoy.host}.pirate.net", f"not{decoy.host}", f"{decoy.address}9", ""):
        assert not decoys.mentions(text), text


@pytest.mark.parametrize(
    "text", ["We took down:\n{host}\n{address}", "host\t{host}", "\x0b{host}\r\n", "{host}\0"]
)
def test_a_decoy_is_found_in_each_text_by_itself_whatever_stands_before_it(
    acts: BlindActs, text: str
) -> None:
    acts.reveal(abandoned=False)
    decoy = next(each for each in acts.suspects if each.decoy is not None)
    said = text.format(host=decoy.host, address=decoy.address)
    acts.ledger.append("note", {"text": said, said: [{"within": said}]}, at=acts.clock.now())
    *_, left = outward(acts.ledger, what="a note").read()
    assert left.record.kind == "note"
    assert decoy.host not in str(left.record.body)
    assert decoy.address not in str(left.record.body)
    assert left.leaf == b""


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "http://a.pirate.example/{host}/x.m3u8",
            "http://a.pirate.example/decoy-{n}.invalid/x.m3u8",
        ),
        ("http://a.pirate.example/{host}.m3u8", "http://a.pirate.example/decoy-{n}.invalid.m3u8"),
        ("http://{host}@a.pirate.example/x", "http://decoy-{n}.invalid@a.pirate.example/x"),
        ("http://a.pirate.example/x?{host}", "http://a.pirate.example/x?decoy-{n}.invalid"),
        ("http://{host}.pirate.example/x", "http://{host}.pirate.example/x"),
    ],
)
def test_who_writes_a_decoys_host_into_his_url_does_not_vanish(
    acts: BlindActs, url: str, shown: str
) -> None:
    """Decoys stand in public lists, so that a pirate can know their hosts."""
    decoy = next(each for each in acts.suspects if each.decoy is not None)
    which = next(at for at, each in enumerate(acts.suspects) if each.decoy is None)
    written = url.format(host=decoy.host)
    host = host_of(written)
    acts.suspects[which] = replace(acts.suspects[which], url=written, host=host)
    acts.prove(which)
    acts.reveal(abandoned=False)
    leaf = next(
        leaf for leaf, each in decoys_in(acts).revealed.items() if each.opening.decoy == decoy.decoy
    )
    verdicts = [
        verdict
        for _, verdict in contents(outward(acts.ledger, what="-"), Verdict)
        if verdict.url.host == host
    ]
    assert [verdict.finding for verdict in verdicts] == [Finding.PROVEN]
    assert verdicts[0].url.text == RedactedUrl(shown.format(host=decoy.host, n=leaf)).text
    whole = without_decoys(acts.ledger, redacts=False)
    assert written in {verdict.url.text for _, verdict in contents(whole, Verdict)}
    assert not {verdict.url.host for _, verdict in contents(whole, Verdict)} & own(acts)


@pytest.mark.parametrize(
    "spell",
    [
        lambda host, _: wide(host),
        lambda host, _: host.replace(".", "\u3002"),
        lambda host, _: f"{host[:3]}\u00ad{host[3:]}",
        lambda host, _: f"{host.upper()}.",
        lambda _, address: str(int(ipaddress.ip_address(address))),
        lambda _, address: hex(int(ipaddress.ip_address(address))),
        lambda _, address: address.replace("192.0.2", "192.0.002"),
        lambda _, address: f"[::ffff:{address}]",
        lambda _, address: (
            f"[64:ff9b::{int(ipaddress.ip_address(address)) >> 16:x}:"
            f"{int(ipaddress.ip_address(address)) & 0xFFFF:x}]"
        ),
    ],
)
def test_a_decoy_in_another_spelling_is_one_and_is_found_in_texts(
    acts: BlindActs, spell: Callable[[str, str], str]
) -> None:
    decoy = next(each for each in acts.suspects if each.decoy is not None)
    spelled = spell(decoy.host, decoy.address)
    [(_, verdict), *_] = contents(acts.ledger, Verdict)
    acts.journal.write(replace(verdict, url=RedactedUrl(f"http://{spelled}:8080/live/1.m3u8")))
    sly = f"http://a.pirate.example/live/http%3A%2F%2F{spelled}%2Fx"
    acts.journal.write(replace(verdict, url=RedactedUrl(sly)))
    acts.ledger.append("note", {"text": f"at http://{spelled}/ it is"}, at=acts.clock.now())
    acts.reveal(abandoned=False)
    shown = list(outward(acts.ledger, what="-").read())
    verdicts = [each.content.url for each in shown if isinstance(each.content, Verdict)]
    assert not any(decoys_in(acts).owns(url.text) for url in verdicts)
    assert {url.host for url in verdicts} >= {"a.pirate.example"}
    text = "".join(str(each.record.body) for each in shown)
    assert spelled not in text
    assert not any(map(decoys_in(acts).owns, hosts_in(text)))


def test_who_lets_his_name_lead_to_an_address_of_ours_does_not_vanish(acts: BlindActs) -> None:
    decoy = next(each for each in acts.suspects if each.decoy is not None)
    [(_, facts), *_] = [
        pair for pair in contents(acts.ledger, AssetFacts) if "pirate" in pair[1].host
    ]
    acts.journal.write(replace(facts, addresses=(decoy.address, "198.51.100.200")))
    acts.reveal(abandoned=False)
    *_, (_, shown) = contents(outward(acts.ledger, what="-"), AssetFacts)
    assert (shown.host, shown.addresses) == (facts.host, ("198.51.100.200",))


def test_a_notice_is_shown_without_its_decoys_and_still_has_its_id(acts: BlindActs) -> None:
    acts.rng = Random(0)
    acts.notice()
    drafted = [notice for _, notice in contents(acts.ledger, Notice)]
    assert drafted
    assert any(
        {host_of(each.url) in own(acts) for each in notice.urls} == {True, False}
        for notice in drafted
    )
    acts.reveal(abandoned=False)
    shown = [notice for _, notice in contents(outward(acts.ledger, what="-"), Notice)]
    assert len(shown) == len(drafted)
    for notice in shown:
        assert notice_id(notice) == notice.id
        assert not {host_of(each.url) for each in notice.urls} & own(acts)
        assert not any(host in notice.statement for host in own(acts))


def test_an_extract_keeps_out_what_mentions_a_decoy_and_says_which_records(
    acts: BlindActs,
) -> None:
    decoy = next(each for each in acts.suspects if each.decoy is not None)
    which = next(at for at, each in enumerate(acts.suspects) if each.decoy is None)
    sly = f"http://a.pirate.example/{decoy.host}/x.m3u8"
    acts.suspects[which] = replace(acts.suspects[which], url=sly, host="a.pirate.example")
    acts.prove(which)
    acts.reveal(abandoned=False)
    leaves = [(entry.index, entry.record.kind, entry.leaf) for entry in acts.ledger.entries]
    extract = extract_of(
        leaves, SHOWN[Audience.HOSTER], hosts=frozenset(), salt=bytes, decoys=decoys_in(acts)
    )
    mention = {
        entry.index
        for entry in acts.ledger.entries
        if isinstance(entry.content, Verdict | ProbeDone) and "a.pirate" in str(entry.record.body)
    }
    assert mention <= set(extract.mentioning) <= set(extract.withheld)
    about = {
        entry.index
        for entry in acts.ledger.entries
        if isinstance(entry.content, Verdict) and entry.content.url.host in own(acts)
    }
    assert about
    assert about <= set(extract.withheld) - set(extract.mentioning)


@pytest.mark.parametrize("lie", ["host", "address"])
def test_a_leaf_on_a_strangers_server_frees_nobody_and_rings_an_alarm(lie: str) -> None:
    """Whoever plans could else keep a pirate from being blocked, against two approvers."""
    made = BlindActs(SEED)
    which = next(at for at, each in enumerate(made.suspects) if each.decoy is None)
    pirate = made.suspects[which]
    first = made.keeper.leaves[0].decoy
    as_decoy = (
        replace(first, url=pirate.url, addresses=(pirate.address,))
        if lie == "host"
        else replace(first, addresses=(*first.addresses, pirate.address))
    )
    made.keeper = lab_keeper(
        [as_decoy, *(leaf.decoy for leaf in made.keeper.leaves[1:])],
        mandate=MANDATE,
        terms=made.signed_for.mandate,
        window=NIGHT,
        at=START - timedelta(hours=2),
        key=made.keeper.key,
        seed=SEED,
    )
    made.resume()
    made.plan()
    for at in range(len(made.suspects)):
        made.prove(at)
    made.refer(everything=True)
    made.approve(0)
    made.approve(1)
    asyncio.run(made.hear())
    decoys = decoys_in(made)
    assert len(decoys.foreign) == 1
    theirs = {pirate.host, pirate.address}
    aimed = {
        entry.target: referral
        for _, referral in contents(made.ledger, Referral)
        for entry in referral.entries
        if entry.target in theirs
    }
    assert aimed
    for target, referral in aimed.items():
        assert target not in decoys.void(referral)
        assert target in made.provider.blocked
    [alarm] = [each for each in made.journal.failures if each.startswith("foreign decoy")]
    assert any(referral.id in alarm for _, referral in contents(made.ledger, Referral))
    tally = folded(Tally(MandateInForce(MANDATE)), made.ledger.read())
    assert len(tally.decoys.foreign) == 1
    made.reveal(abandoned=False)
    decoys = decoys_in(made)
    assert (decoys.unopened, decoys.secret, len(decoys.foreign)) == (0, False, 1)
    hosts = {verdict.url.host for _, verdict in contents(outward(made.ledger, what="-"), Verdict)}
    assert pirate.host in hosts
    assert account_in(made.ledger) is not None


def test_without_decoys_a_ledger_is_read_as_it_is() -> None:
    acts = BlindActs(SEED)
    assert without_decoys(acts.ledger) is acts.ledger


def test_a_silent_keeper_stops_nothing_that_was_published_before(acts: BlindActs) -> None:
    asyncio.run(acts.hear())
    blocked = set(acts.provider.blocked)
    acts.set_mood(Mood.SILENT)
    acts.resume()
    acts.clock.pass_s(60)
    asyncio.run(acts.hear())
    assert acts.provider.blocked == blocked
    assert acts.clock.now() < END


def test_a_board_counts_no_decoy_that_is_opened_and_says_what_waits_for_the_keeper(
    acts: BlindActs,
) -> None:
    acts.set_mood(Mood.SILENT)
    asyncio.run(acts.hear())
    tally = folded(Tally(MandateInForce(MANDATE)), acts.ledger.read())
    [(_, referral)] = contents(acts.ledger, Referral)
    assert tally.unasked == {referral.id}
    forged = DecoysAnswered(
        act=referral.id,
        nonce="0" * 64,
        approvals=(),
        signed_for=acts.signed_for,
        answer=KeeperAnswer(root=acts.keeper.sealed.root, question=digest_of(b"x"), at=START),
        at=acts.clock.now(),
    )
    acts.journal.write(forged)  # it is no answer, so the board goes on saying that it waits
    tally = folded(Tally(MandateInForce(MANDATE)), acts.ledger.read())
    assert tally.unasked == {referral.id}
    [row] = [row for row in tally.rows(END) if row.right == "derby"]
    assert len(row.proven) == len(acts.suspects) - 1
    acts.set_mood(Mood.HONEST)
    acts.clock.pass_s(11)
    asyncio.run(acts.hear())
    tally = folded(Tally(MandateInForce(MANDATE)), acts.ledger.read())
    assert tally.unasked == set()
    [row] = [row for row in tally.rows(END) if row.right == "derby"]
    assert len(row.proven) == len(acts.suspects) - len(own(acts))
