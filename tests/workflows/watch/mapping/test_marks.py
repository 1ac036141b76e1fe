"""What a watch saw hosts show, and who led to whom."""

from __future__ import annotations

from datetime import UTC, datetime

from cautery.formats import read_page
from cautery.graph.links import HostFacts
from cautery.model import CertificateFacts, Role, SharedFact
from cautery.model.message import as_written
from cautery.workflows.watch.mapping import relations
from cautery.workflows.watch.mapping.marks import MANY_NAMES, marks_of
from cautery.workflows.watch.seen import Seen
from cautery.workflows.watch.streams import Stream

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
SHOP = "<h1>TV</h1><p>1 month 9.99 EUR</p><a href='http://panel.example/c/'>portal</a>"
LINE = "http://panel.example:8080/live/~aa/~bb/7.m3u8"


def stream(url: str, *places: str) -> Stream:
    host = url.split("/")[2].split(":", maxsplit=1)[0]
    made = Stream(url=url, key=url, host=host, title=None, source="list", first_seen=NOON)
    made.places = places
    made.via = {place.split("/")[2].split(":")[0] for place in places} - {host}
    return made


def facts(host: str, names: tuple[str, ...], *, shared: tuple[SharedFact, ...] = ()) -> HostFacts:
    certificate = CertificateFacts(
        host=host,
        address="192.0.2.1",
        sha256="c",
        spki_sha256=f"key of {names[:1]}",
        subject="CN=x",
        issuer="CN=x",
        names=names,
        not_before=NOON,
        not_after=NOON,
        self_signed=True,
        seen_at=NOON,
    )
    return HostFacts(
        host=host, first_seen=NOON, last_seen=NOON, source="t", certificate=certificate,
        shared=shared,
    )  # fmt: skip


LED = stream(LINE, LINE, "http://edge.example/hls/7/i.m3u8", "http://edge.example/hls/7/1.ts")
SAID = stream("http://idle.example/hls/1/i.m3u8")


def test_each_host_shows_what_was_met_on_the_way_to_it() -> None:
    shown = marks_of(
        [
            facts("edge.example", ("localhost",)),
            facts("own.example", ("own.example",)),
            facts("front.example", tuple(f"n{k}.example" for k in range(MANY_NAMES + 1))),
        ],
        [LED, SAID],
        panels=["panel.example"],
        pages={"shop.example": read_page([SHOP.encode()], base="http://shop.example/")},
        shared={("certificate", "key of ('localhost',)"): as_written("default certificate (CN=x)")},
    )
    assert shown["edge.example"] == (
        "certificate:default", "path:manifest", "path:segments", "port:80",
    )  # fmt: skip
    assert set(shown["panel.example"]) >= {"path:live", "path:player_api", "path:portal"}
    assert "port:8080" in shown["panel.example"]
    assert shown["own.example"] == ("certificate:own",)
    assert shown["front.example"] == ("certificate:many-names",)
    assert shown["shop.example"] == ("page:prices",)
    assert shown["idle.example"] == ("port:80",)  # only said to serve, not reached


def test_what_a_page_sells_resellers_and_where_its_clients_go_are_marks() -> None:
    page = read_page(
        [b"<p>120 credits 96.00 EUR</p><a href='/clientarea.php'>log in</a>"],
        base="http://dealer.example/",
    )
    shown = marks_of([], [], panels=(), pages={"dealer.example": page}, shared={})
    assert set(shown["dealer.example"]) == {
        "page:client-area", "page:credits", "page:prices", "port:80",
    }  # fmt: skip


def test_who_led_a_probe_elsewhere_points_there() -> None:
    assert relations.leads([LED, SAID]) == (("panel.example", "edge.example"),)


def test_who_is_only_said_to_serve_is_no_edge() -> None:
    assert relations.roles([LED, SAID], Seen()) == {"edge.example": (Role.EDGE,)}
