"""What the door refuses: strangers of this machine, pages of strangers, and names that rebind."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response
from starlette.routing import Mount, Route

from cautery.console import door
from cautery.console.app import all_addresses
from cautery.console.door import MOST_BODY, MOST_QUERY, POLICY, Secret, names_this_machine
from cautery.model.marking import marking_of
from cautery.model.tokens import Scope, new_token

PAGES = (
    "/",
    "/keys",
    "/cases/night-1",
    "/cases/night-1/records/3",
    "/cases/night-1/exhibits",
    "/cases/night-1/mandate",
    "/cases/night-1/report",
    "/cases/night-1/map",
    "/cases/night-1/network",
    "/cases/night-1/blind",
    "/grown",
    "/cases/night-1/verify",
)


def routes(room: Any) -> list[tuple[str, str]]:
    """Every address of the room with its methods, from the application itself."""
    found = []
    pending: list[tuple[str, Any]] = [("", one) for one in all_addresses(room.desk).router.routes]
    while pending:
        begin, route = pending.pop()
        if isinstance(route, Mount):
            pending += [(begin + route.path, one) for one in route.routes]
        elif isinstance(route, Route) or hasattr(route, "methods"):
            found += [(method, begin + route.path) for method in route.methods or ()]
        else:
            inner = getattr(route, "original_router", route)
            pending += [(begin, one) for one in getattr(inner, "routes", [])]
    return found


def filled(path: str) -> str:
    """An address with what there is in the places of a pattern."""
    given = {"id": "night-1", "index": "3", "digits": "0" * 64, "number": "1", "side": "suspect"}
    return re.sub(r"\{(\w+)\}", lambda match: given.get(match[1], "x"), path)


def tokened(room: Any, *scopes: Scope, days: int = 1, cases: tuple[str, ...] = ()) -> Any:
    """A program with a token of some scopes."""
    now = room.desk.cases.clock.now()
    begin = now - timedelta(days=2)
    token, sent = new_token(
        "test",
        scopes,
        made_at=begin,
        ends_at=begin + timedelta(days=2 + days),
        cases=cases,
        marking=marking_of("TLP:AMBER") if Scope.TAXII in scopes else None,
    )
    room.desk.tokens.add(token)
    program = room.stranger()
    program.headers["authorization"] = f"Bearer {sent}"
    return program


OPEN_TO_ALL = {"/health", "/ready", "/static/{version}/{name}"}
"""What tells nobody anything: that the room lives, and its style sheet."""
OF_PROGRAMS = ("/api/v1/", "/taxii2/")


def test_every_address_is_closed_to_whoever_may_not_ask(
    room_at: Callable[..., Any], season: Path, tmp_path: Path
) -> None:
    room = room_at(season, tokens=tmp_path)
    every, none = tokened(room, *Scope), tokened(room, Scope.METRICS)
    ended = tokened(room, *Scope, days=-1)
    elsewhere = tokened(room, *Scope, cases=("cup+night-2",))
    asked = routes(room)
    assert len(asked) > 30
    assert len([path for _, path in asked if path.startswith(OF_PROGRAMS)]) > 10

    def statuses(client: Any, method: str, path: str, **more: Any) -> int:
        form = _form({}, room) if method == "POST" else {"headers": {}}
        form["headers"] |= more
        answer = client.request(method, filled(path), **form)
        assert "Example League" not in answer.text or answer.status_code == 200
        return int(answer.status_code)

    for method, path in asked:
        where = (method, path)
        assert statuses(room.client, method, path, host="evil.example") == 421, where
        if path in OPEN_TO_ALL:
            continue
        for_programs = path.startswith(OF_PROGRAMS)
        assert statuses(room.stranger(), method, path) == 401, where
        assert statuses(ended, method, path) == 401, where
        if for_programs:
            assert statuses(room.client, method, path) == 401, where  # a cookie opens nothing
            assert statuses(every, method, path, origin="http://evil.example") == 403, where
            assert statuses(every, method, path) in (200, 404, 422), where  # 422: it asks nothing
            if path != "/api/v1/openapi.json":
                assert statuses(none, method, path) == 403, where
            if "{id}" in path:
                closed = 404 if path.startswith("/taxii2/") else 403
                assert statuses(elsewhere, method, path) == closed, where
        elif path == "/metrics":
            assert statuses(none, method, path) == 200
            assert statuses(tokened(room, Scope.CASES), method, path) == 401
        else:
            assert statuses(every, method, path) == 401, where  # a token opens no page
        if method == "POST":
            assert statuses(room.client, method, path, origin="http://evil.example") == 403, where


@pytest.mark.parametrize("cookie", ["", "x", "0" * 64, "é", "a=b; c", '"'])
def test_another_cookie_opens_nothing(room: Any, cookie: str) -> None:
    stranger = room.stranger()
    header = f"{room.desk.secret.cookie}={cookie}".encode()
    assert stranger.get("/", headers={"cookie": header}).status_code == 401


def test_a_strangers_cookie_costs_no_time(room: Any) -> None:
    stranger = room.stranger()
    name, session = room.desk.secret.cookie, room.desk.secret.session
    began = time.thread_time()
    for hostile in (f'{name}="' + "\\" * 30_000, 'a="' + "\\1" * 15_000, "a;" * 15_000):
        header = f"{hostile}; b=c".encode()
        assert stranger.get("/", headers={"cookie": header}).status_code == 401
        known = f"{hostile.replace(name, 'other')}; {name}={session}".encode()
        assert stranger.get("/", headers={"cookie": known}).status_code == 200
    assert time.thread_time() - began < 5  # one took four seconds


def test_the_key_of_the_start_becomes_a_cookie_that_no_script_and_no_other_site_sends(
    room: Any,
) -> None:
    stranger = room.stranger()
    answer = stranger.get(f"/cases/night-1?kind=verdict&key={room.desk.secret.key}")
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert room.desk.secret.key not in cookie
    assert 'content="0; url=/cases/night-1?kind=verdict"' in answer.text
    assert room.desk.secret.key not in answer.text
    assert stranger.get("/cases/night-1").status_code == 200


@pytest.mark.parametrize("key", ["", "x", "' or 1=1", "\udcff"])
def test_another_key_opens_nothing(room: Any, key: str) -> None:
    answer = room.stranger().get("/", params={"key": key.encode("utf-8", "surrogatepass")})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_a_key_leads_to_no_other_site(room: Any) -> None:
    for path in ("//evil.example/", "/\\evil.example", "///evil.example"):
        answer = room.stranger().get(f"http://127.0.0.1:8017{path}?key={room.desk.secret.key}")
        assert "url=/evil.example" in answer.text.replace("%5C", "")
        assert "url=//" not in answer.text


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8017",
        "127.0.0.1.evil.example",
        "10.0.0.7",
        "",
        "a b",
        "[::ffff:10.0.0.7]",
    ],
)
def test_a_name_that_was_bound_to_this_machine_reaches_nothing(room: Any, host: str) -> None:
    assert room.client.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:9", "127.0.0.1", "127.9.9.9:80", "[::1]:8017"]
)
def test_the_names_of_this_machine_are_its_own(host: str) -> None:
    assert names_this_machine(host)


def test_two_hosts_are_no_host(room: Any) -> None:
    answer = room.client.get("/", headers=[("host", "127.0.0.1"), ("host", "evil.example")])
    assert answer.status_code == 421


def _form(fields: dict[str, str], room: Any) -> dict[str, Any]:
    return {
        "data": {"csrf": room.desk.secret.csrf, **fields},
        "headers": {
            "origin": "http://127.0.0.1:8017",
            "content-type": "application/x-www-form-urlencoded",
        },
    }


@pytest.mark.parametrize(
    "origin", [None, "null", "http://evil.example", "https://127.0.0.1:8017", "http://127.0.0.1:9"]
)
def test_a_form_of_another_site_or_of_another_port_does_nothing(
    room: Any, origin: str | None
) -> None:
    form = _form({}, room)
    form["headers"].pop("origin")
    if origin is not None:
        form["headers"]["origin"] = origin
    answer = room.client.post("/cases/night-1/verify", **form)
    assert answer.status_code == 403
    assert room.desk.rechecks.of("night-1") is None


def test_a_form_without_the_token_of_this_start_does_nothing(room: Any) -> None:
    for csrf in ("", Secret.new().csrf, room.desk.secret.session, "é"):
        answer = room.client.post("/cases/night-1/verify", **_form({"csrf": csrf}, room))
        assert answer.status_code == 400
    assert room.desk.rechecks.of("night-1") is None


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"a=" + b"x" * MOST_BODY, {}, 413),
        (b"{}", {"content-type": "application/json"}, 415),
        (b"x", {"content-type": "multipart/form-data; boundary=x"}, 415),
        (b"\xff\xfe", {}, 400),
        (b"a&" * 1000, {}, 400),
        (b"x", {"content-length": "-1"}, 411),
        (b"x", {"content-length": "9" * 30}, 413),
    ],
)
def test_a_body_is_a_small_form_or_refused(
    room: Any, content: bytes, headers: dict[str, str], status: int
) -> None:
    standard = {
        "origin": "http://127.0.0.1:8017",
        "content-type": "application/x-www-form-urlencoded",
    }
    answer = room.client.post("/language", content=content, headers=standard | headers)
    assert answer.status_code == status


def test_a_form_says_its_length_in_one_way(room: Any) -> None:
    headers = {
        "origin": "http://127.0.0.1:8017",
        "content-type": "application/x-www-form-urlencoded",
        "content-length": "3",
        "transfer-encoding": "chunked",
    }
    refused = room.client.post("/language", content=b"a=1", headers=headers)
    # What follows on the connection is no request that anybody sent.
    assert (refused.status_code, refused.headers["connection"]) == (400, "close")
    asked = room.client.request("GET", "/", headers={"transfer-encoding": "chunked"})
    assert (asked.status_code, asked.headers["connection"]) == (413, "close")


async def test_what_is_kept_of_a_form_is_bounded_whatever_its_headers_say() -> None:
    asked = 0

    async def receive() -> dict[str, object]:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": b"x" * 1_000, "more_body": True}

    answer = await door._whole(receive, 2_500)
    assert isinstance(answer, Response)
    assert (answer.status_code, asked) == (400, 3)


def test_a_body_without_a_length_is_not_read(room: Any) -> None:
    answer = room.client.post(
        "/language",
        content=iter([b"a=1"]),
        headers={
            "origin": "http://127.0.0.1:8017",
            "content-type": "application/x-www-form-urlencoded",
        },
    )
    assert answer.status_code == 411


def test_long_questions_other_methods_and_questions_with_a_body_are_refused(room: Any) -> None:
    assert room.client.get(f"/?q={'x' * MOST_QUERY}").status_code == 414
    for method in ("PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"):
        assert room.client.request(method, "/").status_code == 405
    assert room.client.request("GET", "/", content=b"x").status_code == 413


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_forbids_foreign_scripts_frames_sniffing_and_caches(
    room: Any, path: str
) -> None:
    answer = room.client.get(path, headers={"origin": "http://evil.example"})
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "frame-ancestors 'none'" in policy
    assert policy == POLICY or policy.startswith("sandbox")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    assert "server" not in answer.headers


def test_the_policy_allows_no_inline_script_and_no_evaluation() -> None:
    assert "unsafe" not in POLICY


def test_a_language_is_chosen_by_a_form_and_leads_back_to_this_site_alone(room: Any) -> None:
    answer = room.client.post(
        "/language", **_form({"lang": "fr", "back": "//evil.example/x"}, room)
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/evil.example/x")
    assert '<html lang="fr"' in room.text("/")
    for lang in ("", "de", "../fr"):
        assert room.client.post("/language", **_form({"lang": lang}, room)).status_code == 400
