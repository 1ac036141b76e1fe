"""TAXII 2.1: a partner's tool polls cases, gets what its token's marking allows, and no name more."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.console import taxii

from cautery.adapters.token_folder import TokenFolder
from cautery.console.app import room_app
from cautery.exchange.catalogue import format_named
from cautery.exchange.loss import losses
from cautery.model.marking import marking_of
from cautery.model.room import Act
from cautery.model.tokens import Scope
from cautery.wiring.cases import reading_store
from cautery.wiring.taxii import package_of
from cautery.workflows.exchange.serving import WITHHELD

AMBER, H1 = "TLP:AMBER PAP:AMBER", "TLP:AMBER PAP:AMBER H1"


@pytest.fixture
def partner(room_at: Callable[..., Any], season: Path, tmp_path: Path) -> Iterator[Any]:
    partner = taxii.partner_of(room_at, season, tmp_path)
    giving = partner.giving
    giving.put(
        giving.block("a.example", "TLP:AMBER"),
        giving.block("b.example", "TLP:AMBER"),
        giving.block("c.example", "TLP:AMBER H1"),
        giving.block("secret.example", "TLP:RED"),
    )
    yield partner
    partner.room.desk.shelves.close()


def _objects(partner: Any, title: str = AMBER, query: str = "") -> str:
    return f"/night-1/collections/{partner.collections()[title]}/objects/{query}"


def _patterns(envelope: dict[str, Any]) -> list[str]:
    return [one["pattern"] for one in envelope.get("objects", ()) if one["type"] == "indicator"]


def test_discovery_leads_to_the_root_of_a_case_and_to_its_collections(partner: Any) -> None:
    assert partner.ask("/")["api_roots"] == ["/taxii2/night-1/"]
    root = partner.ask("/night-1/")
    assert root["versions"] == [taxii.MEDIA]
    listed = partner.ask("/night-1/collections/")["collections"]
    assert {one["title"] for one in listed} == {AMBER, H1}
    for one in listed:
        assert (one["can_read"], one["can_write"]) == (True, False)
        assert partner.ask(f"/night-1/collections/{one['id']}/") == one


def test_each_collection_has_its_own_level_and_the_definitions_that_it_needs(partner: Any) -> None:
    of_h1 = partner.ask(_objects(partner, H1))
    assert _patterns(of_h1) == ["[domain-name:value = 'c.example']"]
    assert "H1" not in str(partner.ask(_objects(partner)))
    there = {one["id"] for one in of_h1["objects"]}
    for one in of_h1["objects"]:
        assert set(one.get("object_marking_refs", ())) <= there
        assert set(one.get("extensions", ())) <= there | {
            "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"  # of TLP 2.0, published
        }


def test_what_is_withdrawn_is_revoked_at_the_next_poll(partner: Any) -> None:
    first = partner.client.get(f"/taxii2{_objects(partner)}")
    (before,) = [one for one in first.json()["objects"] if "a.example" in one.get("pattern", "")]
    seen = first.headers["x-taxii-date-added-last"]
    partner.giving.withdraw("a.example")
    news = partner.ask(_objects(partner, query=f"?added_after={seen}"))
    (after,) = [one for one in news["objects"] if one["type"] == "indicator"]
    assert (after["id"], after["revoked"]) == (before["id"], True)
    assert after["modified"] > before["modified"]
    assert after["valid_until"] < before["valid_until"]


def test_what_vanishes_from_a_case_without_a_word_is_revoked_as_well(partner: Any) -> None:
    first = partner.client.get(f"/taxii2{_objects(partner)}")
    partner.giving.drop("b.example")
    seen = first.headers["x-taxii-date-added-last"]
    news = partner.ask(_objects(partner, query=f"?added_after={seen}"))["objects"]
    (after,) = [one for one in news if one["type"] == "indicator"]
    assert "b.example" in after["pattern"]
    assert after["revoked"]
    partner.giving.put(partner.giving.block("b.example", "TLP:AMBER"))
    found = partner.ask(_objects(partner, query=f"?match[id]={after['id']}"))["objects"]
    assert "revoked" not in found[0]
    assert found[0]["modified"] > after["modified"]


def test_what_bears_a_stricter_marking_now_leaves_and_is_not_revoked(partner: Any) -> None:
    first = partner.client.get(f"/taxii2{_objects(partner)}")
    partner.giving.put(partner.giving.block("b.example", "TLP:AMBER H1"))
    seen = first.headers["x-taxii-date-added-last"]
    assert "b.example" not in str(partner.ask(_objects(partner)))
    assert "revoked" not in str(partner.ask(_objects(partner, query=f"?added_after={seen}")))
    assert "b.example" in str(partner.ask(_objects(partner, H1)))


def test_a_change_with_the_same_time_is_a_later_version_all_the_same(partner: Any) -> None:
    (before,) = [
        one for one in partner.ask(_objects(partner, H1))["objects"] if one["type"] == "indicator"
    ]
    same = partner.giving.items["c.example"]
    partner.giving.put(replace(same, text="now with a word"))
    (after,) = partner.ask(_objects(partner, H1, f"?match[id]={before['id']}"))["objects"]
    assert after["description"] == "now with a word"
    assert after["modified"] > before["modified"]


def test_times_only_grow_no_two_are_the_same_and_a_restart_changes_none(
    partner: Any, tmp_path: Path
) -> None:
    def manifest() -> list[tuple[str, str]]:
        asked = _objects(partner).replace("/objects/", "/manifest/")
        return [(one["date_added"], one["id"]) for one in partner.ask(asked)["objects"]]

    first = manifest()
    assert sorted({at for at, _ in first}) == [at for at, _ in first]
    made = partner.giving.made
    partner.room.desk.shelves.close()
    again = taxii.partner_of(lambda *_, **__: partner.room, tmp_path, tmp_path / "other")
    again.room.desk.shelves.close()
    shelves = partner.giving.shelves(tmp_path / "shelves")
    partner.room.desk = replace(partner.room.desk, shelves=shelves)
    partner.client.app = room_app(partner.room.desk)
    reopened = TestClient(partner.client.app, base_url="http://127.0.0.1:8017")
    reopened.headers["authorization"] = partner.client.headers["authorization"]
    partner.client = reopened
    assert manifest() == first
    assert partner.giving.made == made
    partner.giving.withdraw("a.example")
    second = manifest()
    changed = set(second) - set(first)
    assert min(at for at, _ in changed) > max(at for at, _ in first)
    assert {id_ for _, id_ in second} == {id_ for _, id_ in first}


def test_pages_come_one_after_the_other_without_gap_or_double_while_the_case_grows(
    partner: Any,
) -> None:
    whole = [one["id"] for one in partner.ask(_objects(partner))["objects"]]
    seen: list[str] = []
    query = "?limit=2"
    while True:
        page = partner.ask(_objects(partner, query=query))
        seen += [one["id"] for one in page["objects"]]
        assert len(page["objects"]) <= 2
        if not page["more"]:
            break
        query = f"?limit=2&next={page['next']}"
        if len(seen) == 2:
            partner.giving.put(partner.giving.block("new.example", "TLP:AMBER"))
    assert list(dict.fromkeys(seen))[: len(whole)] == whole
    assert len(set(seen)) == len(whole) + 1


def test_the_last_time_of_a_page_leads_to_the_next_one_as_well(partner: Any) -> None:
    whole = [one["id"] for one in partner.ask(_objects(partner))["objects"]]
    seen, query = [], "?limit=3"
    while True:
        answer = partner.client.get(f"/taxii2{_objects(partner, query=query)}")
        if not (page := answer.json()):
            break
        seen += [one["id"] for one in page["objects"]]
        query = f"?limit=3&added_after={answer.headers['x-taxii-date-added-last']}"
    assert seen == whole


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?match[type]=indicator", 2),
        ("?match[type]=indicator,marking-definition", 4),
        ("?match[type]=malware", 0),
        ("?match[version]=all&match[type]=indicator", 2),
        ("?match[version]=first,2020-01-01T00:00:00Z&match[type]=indicator", 2),
        ("?match[version]=2020-01-01T00:00:00.000Z", 0),
        ("?match[spec_version]=2.0", 0),
        ("?match[spec_version]=2.0,2.1&match[type]=indicator", 2),
        ("?added_after=2999-01-01T00:00:00Z", 0),
        ("?match[id]=indicator--00000000-0000-4000-8000-000000000000", 0),
    ],
)
def test_filters_choose_objects(partner: Any, query: str, count: int) -> None:
    assert len(partner.ask(_objects(partner, query=query)).get("objects", ())) == count


@pytest.mark.parametrize(
    "query",
    [
        "?limit=0", "?limit=-1", "?limit=x", "?limit=" + "9" * 40, "?added_after=yesterday",
        "?added_after=2026-13-01T00:00:00Z", "?added_after=2026-01-01T00:00:00%2B01:00",
        "?next=x", "?next=-1", "?next=" + "9" * 300, "?match[version]=newest", "?match[id]=",
        "?match[name]=a", "?limit=1&limit=2", "?match[id]=" + "a," * 200,
    ],
)  # fmt: skip
def test_a_filter_that_is_none_is_refused_in_a_sentence(partner: Any, query: str) -> None:
    said = partner.ask(_objects(partner, query=query), status=400)
    assert said["http_status"] == "400"
    assert said["description"].strip()


def test_one_object_and_its_versions_have_addresses_of_their_own(partner: Any) -> None:
    (one, *_) = partner.ask(_objects(partner, query="?match[type]=indicator"))["objects"]
    at = f"{_objects(partner)}{one['id']}/"
    assert partner.ask(at)["objects"] == [one]
    assert partner.ask(f"{at}versions/")["versions"] == [one["modified"]]
    assert partner.ask(f"{at}?match[type]=malware")["objects"] == [one]
    absent = f"{_objects(partner)}indicator--00000000-0000-4000-8000-000000000000/"
    partner.ask(absent, status=404)
    partner.ask(f"{absent}versions/", status=404)
    assert partner.ask(f"{at}?added_after=2999-01-01T00:00:00Z") == {}


def test_while_a_blind_test_is_on_nothing_leaves_and_the_collections_say_so(partner: Any) -> None:
    before = partner.ask(_objects(partner))
    partner.giving.unrevealed = True
    partner.giving.grow()
    (first, *_) = before["objects"]
    assert partner.ask(_objects(partner)) == {}
    assert partner.ask(f"{_objects(partner)}{first['id']}/") == {}
    (described, *_) = partner.ask("/night-1/collections/")["collections"]
    assert described["description"] == WITHHELD
    assert "blind" not in str(partner.ask("/night-1/"))
    partner.giving.unrevealed = False
    partner.giving.grow()
    after = partner.ask(_objects(partner))
    assert {one["id"] for one in after["objects"]} == {one["id"] for one in before["objects"]}
    assert "revoked" not in str(after)


def test_a_package_is_made_once_for_each_state_of_the_ledger(partner: Any) -> None:
    for _ in range(5):
        partner.ask(_objects(partner))
    assert partner.giving.made == 1


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (taxii.MEDIA, 200),
        ("application/taxii+json", 200),
        ("application/taxii+json; version=2.1; q=0.5, text/html", 200),
        ("*/*", 200),
        ("application/taxii+json;version=2.0", 406),
        ("application/vnd.oasis.stix+json", 406),
        ("application/taxii+json;version=2.1;q=0", 406),
        ("text/html", 406),
    ],
)
def test_what_is_asked_for_in_another_format_is_refused(
    partner: Any, accept: str, status: int
) -> None:
    partner.ask("/", status=status, headers={"accept": accept})


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_is_taken(partner: Any, method: str) -> None:
    path = f"/taxii2{_objects(partner)}"
    answer = partner.client.request(
        method, path, content=b'{"objects": []}', headers={"content-type": taxii.MEDIA}
    )
    assert answer.status_code == 405
    assert answer.headers["content-type"] == taxii.MEDIA
    assert answer.headers["allow"] == "GET, HEAD"
    assert not any(name.startswith("access-control") for name in answer.headers)


def test_the_head_of_an_answer_is_given_alone(partner: Any) -> None:
    answer = partner.client.head(f"/taxii2{_objects(partner)}")
    assert answer.status_code == 200
    assert "x-taxii-date-added-last" in answer.headers


def test_a_token_for_another_case_learns_no_name(partner: Any) -> None:
    other = partner.as_(cases=("cup+night-2",))
    assert other.ask("/")["api_roots"] == ["/taxii2/cup+night-2/"]
    its_own = f"/night-1/collections/{partner.collections()[AMBER]}/"
    for path in ("/night-1/", "/night-1/collections/", its_own, f"{its_own}objects/"):
        there = other.ask(path, status=404)
        absent = other.ask(path.replace("night-1", "nobody"), status=404)
        assert there == absent
        assert "night-1" not in str(there)


def test_a_milder_token_sees_no_stricter_level_not_even_its_name(partner: Any) -> None:
    mild = partner.as_(marking="TLP:AMBER", cases=("night-1",))
    assert set(mild.collections()) == {AMBER}
    assert "H1" not in str(mild.ask("/night-1/collections/"))
    of_h1 = f"/night-1/collections/{partner.collections()[H1]}/objects/"
    mild.ask(of_h1, status=404)
    strict = partner.as_(marking="TLP:RED", cases=("night-1",))
    assert "TLP:RED PAP:RED" in strict.collections()


def test_what_a_partner_may_not_see_changes_no_byte_of_what_it_gets(partner: Any) -> None:
    before = partner.client.get(f"/taxii2{_objects(partner)}?match[type]=indicator")
    partner.giving.put(partner.giving.block("hidden.example", "TLP:RED"))
    after = partner.client.get(f"/taxii2{_objects(partner)}?match[type]=indicator")
    assert (before.content, before.headers) == (after.content, after.headers)


@pytest.mark.parametrize(
    "sent",
    [
        {}, {"authorization": "Bearer x"}, {"authorization": "Basic !!!"},
        {"authorization": "Basic " + base64.b64encode(b"user").decode()},
        {"authorization": "Basic " + base64.b64encode(b"user:\xff").decode()},
        {"authorization": "Digest x"},
    ],
)  # fmt: skip
def test_who_has_no_token_that_holds_is_told_to_bring_one(
    partner: Any, sent: dict[str, str]
) -> None:
    stranger = partner.room.stranger()
    for path in ("/taxii2/", "/taxii2/night-1/", "/taxii2/nobody/", "/taxii2"):
        answer = stranger.get(path, headers=sent)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == taxii.MEDIA


def test_a_token_is_taken_as_the_password_of_any_user_here_and_nowhere_else(partner: Any) -> None:
    secret = partner.client.headers["authorization"].removeprefix("Bearer ")
    stranger = partner.room.stranger()
    basic = base64.b64encode(f"opencti:{secret}".encode()).decode()
    headers = {"authorization": f"Basic {basic}"}
    app = TestClient(partner.client.app, base_url="http://127.0.0.1:8017")
    assert app.get("/taxii2/", headers=headers).status_code == 200
    assert app.get("/api/v1/cases", headers=headers).status_code == 401
    assert stranger.get("/api/v1/cases", headers=headers).status_code == 401


def test_a_token_that_is_revoked_or_over_is_none_from_the_next_question_on(partner: Any) -> None:
    partner.ask("/")
    tokens = partner.room.desk.tokens
    tokens.remove(tokens.all()[0].id)
    partner.ask("/", status=401)
    partner.as_(made_days_ago=2, days=1).ask("/", status=401)


def test_a_token_of_the_interface_for_programs_reads_nothing_by_taxii(partner: Any) -> None:
    partner.as_(marking="", scopes=(Scope.CASES, Scope.RECORDS)).ask("/", status=403)
    answer = partner.client.get("/api/v1/cases")
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        "/..%2f..%2fetc%2fpasswd/", "/night-1/collections/..%2f..%2f/", "/%00/", "/night-1%00/",
        "/night-1/collections/%2e%2e/objects/", "/night-1/collections/x/objects/%27%20OR%201=1/",
        "/" + "a" * 3000 + "/", "/broken/", "/night-1/status/x/", "/night-1/collections",
        "/holiday photos/",
    ],
)  # fmt: skip
def test_an_address_that_is_none_leads_nowhere(partner: Any, path: str) -> None:
    said = partner.as_().ask(path, status=404)
    assert said["http_status"] == "404"
    assert "sqlite" not in str(said)


def test_a_page_of_strangers_may_not_ask(partner: Any) -> None:
    partner.ask("/", status=403, headers={"origin": "https://strangers.example"})


def test_a_case_gives_what_its_export_gives_under_the_marking_of_the_token(
    room_at: Callable[..., Any], season: Path, tmp_path: Path
) -> None:
    room = room_at(season, tokens=tmp_path)
    client = room.stranger()
    secret = taxii.new_secret(room, cases=("night-1",), marking="TLP:GREEN H0")
    client.headers["authorization"] = f"Bearer {secret}"
    partner = taxii.Partner(room, client, taxii.Giving(room.desk.cases.clock.now()))
    ((title, collection),) = partner.collections().items()
    assert title == "TLP:GREEN PAP:GREEN H0"
    envelope = partner.ask(f"/night-1/collections/{collection}/objects/")
    assert not envelope["more"]
    place = room.desk.cases.place("night-1").path
    package = package_of(place, marking_of("TLP:GREEN H0"), reading_store())
    bundle = {"type": "bundle", "id": f"bundle--{collection}", "objects": envelope["objects"]}
    raw = json.dumps(bundle).encode()
    assert losses(package, format_named("stix").read(raw, "polled").package) == ()
    room.desk.shelves.close()


def test_what_a_partner_polls_stands_in_the_access_log_as_a_disclosure(
    peopled: Any, tmp_path: Path
) -> None:
    desk = replace(peopled.desk, tokens=TokenFolder(tmp_path / "tokens"))
    secret = taxii.new_secret(SimpleNamespace(desk=desk), cases=("night-1",))
    client = TestClient(room_app(desk), base_url=str(peopled.browser().base_url))
    client.headers["authorization"] = f"Bearer {secret}"
    assert client.get("/taxii2/night-1/collections/").status_code == 200
    used = [entry.content for entry in peopled.people.ledger.read()][-1]
    assert (used.act, used.why, used.to, used.case, used.page) == (
        Act.DISCLOSURE,
        "partner",
        "partner",
        "night-1",
        "/taxii2/{id}/collections/",
    )
    desk.shelves.close()
