"""What a watch's case gives to a partner: what is proven, what two people approved, and their ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.form_case import NOW, SPAN, approve_in, made_case, referral_of
from tests.workflows.forms.test_decoys import case_of
from tests.workflows.forms.test_leaving import decide, referral_in, withdraw

from cautery.adapters.case_folder import FolderStore
from cautery.errors import InputError, UnrevealedError
from cautery.messages import in_language
from cautery.model import (
    Asset,
    CriminalNetwork,
    Edge,
    Estimate,
    ExhibitId,
    Finding,
    Lever,
    Marking,
    Membership,
    Observation,
    Pap,
    RedactedUrl,
    Referral,
    Role,
    SupplyGraph,
    Tlp,
    Verdict,
)
from cautery.model.exchange import Item, ItemKind, Package, RelationKind
from cautery.model.ledger import append, contents
from cautery.model.message import as_written
from cautery.model.ports import Ledger
from cautery.model.records import (
    ActRefused,
    AssetFacts,
    CaseReopened,
    ExchangeExported,
    ExhibitSealed,
    ProbeDone,
    StreamAppeared,
)
from cautery.workflows.case.referral import filed_referral
from cautery.workflows.exchange.of_watch import of_watch

EDGE, OTHER, ADDRESS = "edge.pirate.example", "mistake.innocent.example", "192.0.2.7"
STREAM = f"http://{EDGE}/s.m3u8"


@contextmanager
def ledger_of(case: Path) -> Iterator[Ledger]:
    with closing(FolderStore().ledger(case, read_only=False)) as ledger:
        yield ledger


def package_of(case: Path, *, at: datetime = NOW) -> Package:
    with ledger_of(case) as ledger:
        return of_watch(ledger, at=at).package


def one(package: Package, kind: ItemKind, name: str) -> Item:
    (found,) = (item for item in package.items if (item.kind, item.id) == (kind, name))
    return found


def named(package: Package, kind: ItemKind) -> list[str]:
    return [item.id for item in package.items if item.kind is kind]


def verdict(url: str, finding: Finding, *, at: datetime = NOW, exhibit: str = "") -> Verdict:
    exhibits = (ExhibitId(exhibit),) if exhibit else ()
    return Verdict(
        url=RedactedUrl(url),
        finding=finding,
        at=at,
        event="match" if finding is Finding.PROVEN else None,
        observations=(Observation(at=at, exhibits=exhibits),),
    )


def test_a_block_has_its_order_its_end_and_the_exhibit_that_shows_it(tmp_path: Path) -> None:
    package = package_of(made_case(tmp_path, EDGE, ADDRESS))

    block = one(package, ItemKind.BLOCK, EDGE)
    assert (block.valid_from, block.valid_until, block.revoked) == (NOW, SPAN.end, False)
    assert (block.lever, block.order, block.territory) == (Lever.NAME, "o-1", "GB")
    assert one(package, ItemKind.BLOCK, ADDRESS).lever is Lever.ADDRESS
    assert one(package, ItemKind.ORDER, "o-1").valid_until == SPAN.end
    assert named(package, ItemKind.EXHIBIT) == list(block.exhibits)
    under = {link.key for link in package.relations if link.kind is RelationKind.BLOCKED_BY}
    assert (
        RelationKind.BLOCKED_BY,
        block.key,
        one(package, ItemKind.ORDER, "o-1").key,
    ) in under


@pytest.mark.parametrize("people", [0, 1])
def test_what_fewer_than_two_people_approved_is_in_no_package(tmp_path: Path, people: int) -> None:
    case = made_case(tmp_path, EDGE, people=people)
    with ledger_of(case) as ledger:
        gathered = of_watch(ledger, at=NOW)
    assert named(gathered.package, ItemKind.BLOCK) == []
    assert named(gathered.package, ItemKind.ORDER) == []
    assert gathered.stays["targets that two people did not approve"] == 1


def release(ledger: Ledger, target: str) -> None:
    decide(ledger, target, granted=True)


def refuse(ledger: Ledger, target: str) -> None:
    del target
    filed = filed_referral(ledger, referral_in(ledger).id)
    refusal = ActRefused(id=filed.referral.id, subject=filed.digest, by="B. Duty", why="x", at=NOW)
    append(ledger, refusal, at=NOW)


@pytest.mark.parametrize("take_off", [withdraw, release, refuse])
def test_what_is_taken_off_keeps_its_key_and_its_end_and_is_revoked(
    tmp_path: Path, take_off: Callable[[Ledger, str], None]
) -> None:
    case = made_case(tmp_path, EDGE)
    before = one(package_of(case), ItemKind.BLOCK, EDGE)
    with ledger_of(case) as ledger:
        take_off(ledger, EDGE)

    after = one(package_of(case), ItemKind.BLOCK, EDGE)
    assert (after.key, after.valid_until) == (before.key, before.valid_until)
    assert (before.revoked, after.revoked) == (False, True)
    assert "B. Duty" not in after.text
    assert "A. Legal" not in after.text


def test_a_rejected_complaint_revokes_nothing(tmp_path: Path) -> None:
    case = made_case(tmp_path, EDGE)
    with ledger_of(case) as ledger:
        decide(ledger, EDGE, granted=False)
    assert not one(package_of(case), ItemKind.BLOCK, EDGE).revoked


def test_what_has_ended_keeps_its_end_and_is_not_revoked_long_afterwards(tmp_path: Path) -> None:
    case = made_case(tmp_path, EDGE)
    block = one(package_of(case, at=SPAN.end + timedelta(days=400)), ItemKind.BLOCK, EDGE)
    assert (block.valid_until, block.revoked) == (SPAN.end, False)


def add_referral(ledger: Ledger, territory: str, exhibit: ExhibitId) -> Referral:
    referral = referral_of(territory, exhibit, EDGE)
    append(ledger, referral, at=NOW)
    approve_in(ledger, referral.id)
    return referral


def test_a_target_that_stands_in_one_referral_is_not_revoked_by_another(tmp_path: Path) -> None:
    case = made_case(tmp_path, EDGE)
    with ledger_of(case) as ledger:
        withdraw(ledger, EDGE)
        exhibit = ExhibitId("sha256:" + "e" * 64)
        again = add_referral(ledger, "GB", exhibit)
    block = one(package_of(case), ItemKind.BLOCK, EDGE)
    assert not block.revoked
    assert again.id in block.text
    assert block.exhibits == (exhibit,)


def test_only_proven_streams_leave_and_one_that_is_not_any_more_is_revoked(tmp_path: Path) -> None:
    case = made_case(tmp_path)
    with ledger_of(case) as ledger:
        for name in ("nothing", "undecided", "licensed", "unreachable"):
            append(ledger, verdict(f"http://{name}.example/s", Finding(name)), at=NOW)
        gathered = of_watch(ledger, at=NOW)
        assert named(gathered.package, ItemKind.STREAM) == [STREAM]
        assert gathered.stays["streams that are not proven"] == 4
        stream = one(gathered.package, ItemKind.STREAM, STREAM)
        assert (stream.finding, stream.revoked) == (Finding.PROVEN, False)
        assert stream.exhibits
        later = NOW + timedelta(minutes=1)
        append(ledger, verdict(STREAM, Finding.UNREACHABLE, at=later), at=later)
        assert not one(of_watch(ledger, at=NOW).package, ItemKind.STREAM, STREAM).revoked
        append(ledger, verdict(STREAM, Finding.LICENSED, at=later), at=later)
        taken_back = one(of_watch(ledger, at=NOW).package, ItemKind.STREAM, STREAM)
    assert taken_back.revoked
    assert taken_back.key == stream.key
    assert taken_back.at == later


def probe(url: str, *hosts: str, at: datetime = NOW) -> ProbeDone:
    return ProbeDone(url=url, observation=Observation(at=at), failed=None, hosts=hosts, at=at)


def mapped(*hosts: str, network: tuple[str, ...] = (), **roles: Role) -> SupplyGraph:
    names = {name.replace("_", "."): role for name, role in roles.items()}
    assets = [Asset(kind="host", value=name, role=names.get(name, Role.EDGE)) for name in hosts]
    members = tuple(
        Membership(host=name, probability=0.9, why=(as_written("one key"),)) for name in network
    )
    networks = (CriminalNetwork(id="net-1", members=members),) if network else ()
    return SupplyGraph(
        assets=(*assets, Asset(kind="address", value=ADDRESS)),
        edges=tuple(
            Edge(source=f"host:{name}", relation="resolves-to", target=f"address:{ADDRESS}")
            for name in hosts
        ),
        networks=networks,
    )


def test_hosts_leave_where_a_proven_stream_or_its_network_stands_on_them(tmp_path: Path) -> None:
    case = made_case(tmp_path)
    hosts = (EDGE, "beside.pirate.example", "shop.elsewhere.example")
    with ledger_of(case) as ledger:
        append(ledger, probe(STREAM, EDGE), at=NOW)
        append(ledger, mapped(*hosts, network=hosts[:2]), at=NOW)
        package = of_watch(ledger, at=NOW).package
    assert named(package, ItemKind.HOST) == ["beside.pirate.example", EDGE]
    assert named(package, ItemKind.ADDRESS) == [ADDRESS]
    (network,) = named(package, ItemKind.NETWORK)
    members = [link for link in package.relations if link.kind is RelationKind.PART_OF]
    assert network == "net-1"
    assert {(link.source.id, link.probability) for link in members} == {
        (name, 0.9) for name in hosts[:2]
    }
    serving = [link for link in package.relations if link.kind is RelationKind.SERVES]
    assert [(link.source.id, link.target.id) for link in serving] == [(EDGE, STREAM)]


def test_a_host_that_only_hands_on_is_nobodys_server(tmp_path: Path) -> None:
    case = made_case(tmp_path)
    gate = "gate.innocent.example"
    url = f"http://{gate}/go?to=http://{EDGE}/x.m3u8"
    with ledger_of(case) as ledger:
        append(ledger, verdict(url, Finding.PROVEN), at=NOW)
        look = ProbeDone(
            url=url,
            observation=Observation(at=NOW),
            failed=None,
            hosts=(gate, EDGE),
            redirected_to=EDGE,
            at=NOW,
        )
        append(ledger, look, at=NOW)
        append(ledger, mapped(gate, EDGE), at=NOW)
        package = of_watch(ledger, at=NOW).package
    assert named(package, ItemKind.HOST) == [EDGE]


def test_a_hosts_facts_and_an_estimate_have_their_fields(tmp_path: Path) -> None:
    case = made_case(tmp_path)
    facts = AssetFacts(
        host=EDGE,
        addresses=(ADDRESS, "2001:db8::1"),
        asn=64500,
        organisation="Example Hosting",
        country="NL",
        shared=(),
        certificate=None,
        registration=None,
        at=NOW,
    )
    users = Estimate(
        quantity=as_written("users"),
        unit="users",
        low=1.0,
        mid=2.5,
        high=9.0,
        method=as_written("captures"),
        coverage=0.9,
    )
    with ledger_of(case) as ledger:
        append(ledger, facts, at=NOW)
        append(ledger, users, at=NOW)
        package = of_watch(ledger, at=NOW).package
    host = one(package, ItemKind.HOST, EDGE)
    assert host.country == "NL"
    assert "AS64500 Example Hosting" in host.text
    assert named(package, ItemKind.ADDRESS) == [ADDRESS, "2001:db8::1"]
    (estimate,) = (item for item in package.items if item.kind is ItemKind.ESTIMATE)
    assert estimate.interval is not None
    assert (estimate.interval.low, estimate.interval.high) == (1.0, 9.0)
    assert (estimate.interval.coverage, estimate.interval.unit) == (0.9, "users")


def test_only_exhibits_that_an_item_names_are_in_it(tmp_path: Path) -> None:
    case = made_case(tmp_path)
    with ledger_of(case) as ledger:
        (sealed,) = (record for _, record in contents(ledger, ExhibitSealed))
        mail = replace(sealed.exhibit, id=ExhibitId("sha256:" + "e" * 64))
        append(ledger, replace(sealed, exhibit=mail, what="complaint"), at=NOW)
        package = of_watch(ledger, at=NOW).package
    assert named(package, ItemKind.EXHIBIT) == [sealed.exhibit.id]


def test_what_anybody_appended_costs_itself_alone(tmp_path: Path) -> None:
    case = made_case(tmp_path, EDGE)
    before = package_of(case)
    with ledger_of(case) as ledger:
        long = "http://a.example/" + "x" * 5000
        append(ledger, verdict(long, Finding.PROVEN, exhibit="sha256:0"), at=NOW)
        line = "http://b.example/\u200b\u2028x"
        append(ledger, verdict(line, Finding.PROVEN), at=NOW)
        gathered = of_watch(ledger, at=NOW)
    assert gathered.stays["records that make no item"] == 1
    ids = named(gathered.package, ItemKind.STREAM)
    assert set(ids) == {"http://b.example/%E2%80%8B%E2%80%A8x", STREAM}
    assert named(gathered.package, ItemKind.BLOCK) == named(before, ItemKind.BLOCK)


def test_the_same_case_makes_the_same_package_in_any_language_and_after_an_export(
    tmp_path: Path,
) -> None:
    case = made_case(tmp_path, EDGE)
    first = package_of(case)
    with ledger_of(case) as ledger:
        left = ExchangeExported(
            at=NOW,
            format="stix",
            digest=first.items[0].exhibits[0],
            marking=first.marking,
            items=1,
            relations=0,
            who="x",
        )
        append(ledger, left, at=NOW + timedelta(hours=1))
        reopened = CaseReopened(records=9, unsigned={"referral.filed": 1}, checkpoint=8, root=None)
        append(ledger, reopened, at=NOW + timedelta(hours=2))
    with in_language("fr"):
        again = package_of(case, at=NOW + timedelta(hours=5))
    assert again == first


def test_the_marking_is_the_users_on_everything(tmp_path: Path) -> None:
    green = Marking(tlp=Tlp.GREEN, pap=Pap.CLEAR)
    with ledger_of(made_case(tmp_path, EDGE)) as ledger:
        package = of_watch(ledger, marking=green, at=NOW).package
        usual = of_watch(ledger, at=NOW).package
    parts = (*package.items, *package.relations)
    assert {part.marking for part in parts} == {package.marking} == {green}
    assert usual.marking.words == "TLP:AMBER PAP:AMBER"


def test_nothing_leaves_before_decoys_are_revealed_and_no_decoy_afterwards(tmp_path: Path) -> None:
    own = "tv1.own.example"
    with (
        ledger_of(case_of(tmp_path / "a", EDGE, revealed=False)) as ledger,
        pytest.raises(UnrevealedError, match="not revealed yet"),
    ):
        of_watch(ledger, at=NOW)
    case = case_of(tmp_path / "b", EDGE, own, revealed=True)
    with ledger_of(case) as ledger:
        decoy = f"http://{own}:8080/d/1/live.m3u8"
        append(ledger, verdict(decoy, Finding.PROVEN), at=NOW)
        append(ledger, probe(decoy, own), at=NOW)
        append(ledger, StreamAppeared(
            url=decoy, title="x", source="http://l.example/", host=own, offer=None, at=NOW,
        ), at=NOW)  # fmt: skip
        append(ledger, mapped(EDGE, own, network=(EDGE, own)), at=NOW)
        package = of_watch(ledger, at=NOW).package
    assert own not in repr(package)
    assert named(package, ItemKind.BLOCK) == [EDGE]


def test_no_name_of_a_person_is_in_it(tmp_path: Path) -> None:
    package = package_of(made_case(tmp_path, EDGE))
    assert "A. Legal" not in repr(package)
    assert "B. Duty" not in repr(package)


def test_a_case_without_a_mandate_is_refused(tmp_path: Path) -> None:
    with ledger_of(tmp_path) as ledger, pytest.raises(InputError, match="names no mandate"):
        of_watch(ledger, at=NOW)
