"""The interface for programs: it says what the pages say, and whatever is asked it keeps its word."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from requests import Request

from cautery.adapters.token_folder import TokenFolder
from cautery.console.api.routes import _body
from cautery.console.telemetry import log_as_json
from cautery.errors import StorageError
from cautery.model.tokens import Scope, new_token

ALL = tuple(scope for scope in Scope if scope is not Scope.TAXII)
API = "/api/v1"
NIGHT = f"{API}/cases/night-1"


@dataclass
class Program:
    """A program that asks a room."""

    room: Any
    client: Any

    def ask(self, path: str, status: int = 200, **asked: Any) -> Any:
        answer = self.client.get(path, **asked)
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
def program(room_at: Callable[..., Any], season: Path, tmp_path: Path) -> Program:
    room = room_at(season, tokens=tmp_path)
    now = room.desk.cases.clock.now()
    token, sent = new_token("test", ALL, made_at=now, ends_at=now + timedelta(days=1))
    room.desk.tokens.add(token)
    client = room.stranger()
    client.headers["authorization"] = f"Bearer {sent}"
    return Program(room, client)


def test_programs_and_people_are_told_the_same(program: Program) -> None:
    wall, page = program.ask(f"{NIGHT}/tonight"), program.room.text("/cases/night-1/tonight")
    assert [one["record"] for one in wall["fallen"]] == [
        int(number) for number in re.findall(r'/records/(\d+)">\1</a></td></tr>', page)
    ]
    assert f">{wall['findings']['proven']}</dd>" in page
    for row in wall["rows"]:
        assert row["name"] in unescape(page)
    head = program.ask(NIGHT)
    assert wall["case"] == head
    assert [one["id"] for one in program.ask(f"{API}/cases")["cases"]] == [
        "broken",
        "cup+night-2",
        "night-1",
    ]


def test_a_claim_leads_to_its_record_and_the_record_to_its_proof(program: Program) -> None:
    (proven, *_) = program.ask(f"{NIGHT}/streams?finding=proven&limit=1")["rows"]
    stream = program.ask(f"{NIGHT}/streams/{proven['number']}")
    assert (stream["url"], stream["finding"]) == (proven["url"], "proven")
    assert stream["changes"]
    record = program.ask(f"{NIGHT}/records/{stream['record']}")
    assert record["body"]["finding"] == "proven"
    for content, recorded in zip(stream["at_once"], record["body"]["at_once"], strict=True):
        assert content == recorded | {"content": content["reference"]}
    assert json.loads(record["leaf"])["body"] == record["body"]
    first = program.ask(f"{NIGHT}/records/3")
    assert first["proof"]["size"] > 3
    assert first["proof"]["note"].startswith("cautery/case-")


def test_a_content_shown_at_the_same_time_is_in_a_verdicts_line_and_in_its_stream(
    program: Program,
) -> None:
    rows = [row for row in program.ask(f"{NIGHT}/verdicts")["rows"] if row["at_once"]]
    assert rows
    for row in rows:
        (content,) = program.ask(f"{NIGHT}/streams/{row['number']}")["at_once"]
        assert [content["content"]] == row["at_once"] == ["late-film"]
        assert (content["part"], content["probes"]) == ([0.55, 0.5, 0.4, 0.4], 2)


@pytest.mark.parametrize("path", ["records", "streams", "verdicts", "records?kind=verdict"])
def test_pages_come_one_after_the_other_without_gap_or_double(program: Program, path: str) -> None:
    sign = "&" if "?" in path else "?"
    limit = "" if path.startswith("records") else "limit=7&"
    seen: list[int] = []
    before = ""
    while True:
        page = program.ask(f"{NIGHT}/{path}{sign}{limit}{before}")
        key = {"streams": "number", "verdicts": "record"}.get(path, "index")
        seen += [row[key] for row in page["rows"]]
        if page["older"] is None:
            break
        before = f"before={page['older']}"
    assert before or "kind=" in path
    assert len(set(seen)) == len(seen) > 15


def test_exhibits_are_listed_shown_and_fetched_whole_or_in_part(program: Program) -> None:
    listed = program.ask(f"{NIGHT}/exhibits")
    row = listed["rows"][0]
    digits = row["exhibit"]["id"].removeprefix("sha256:")
    shown = program.ask(f"{NIGHT}/exhibits/{digits}")
    assert shown["row"] == row
    assert row["record"] in [one["index"] for one in shown["records"]]
    assert shown["digest_now"] == row["exhibit"]["id"]
    whole = program.client.get(f"{NIGHT}/exhibits/{digits}/bytes")
    assert len(whole.content) == row["exhibit"]["size"]
    assert whole.headers["content-disposition"] == "attachment"
    part = program.client.get(f"{NIGHT}/exhibits/{digits}/bytes", headers={"range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, whole.content[1:4])


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/cases/nobody", 404),
        ("/cases/night-1/records/999999", 404),
        ("/cases/night-1/records/-1", 422),
        ("/cases/night-1/records?before=1&after=2", 400),
        ("/cases/night-1/streams?finding=guilty", 422),
        ("/cases/night-1/exhibits/xyz", 422),
        ("/cases/broken/records", 409),
        ("/nothing", 404),
    ],
)
def test_every_error_is_one_sentence(program: Program, path: str, status: int) -> None:
    answer = program.client.get(API + path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["detail"].strip()
    assert "Traceback" not in answer.text


def test_while_the_server_of_the_cases_does_not_answer_no_token_opens_anything(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_: object, id: str) -> None:
        raise StorageError(f"postgresql://secret.internal: no answer about {id}")

    monkeypatch.setattr(TokenFolder, "get", down)
    answer = program.client.get(f"{API}/cases")
    assert answer.status_code == 503
    assert "secret" not in answer.text
    assert program.client.get("/metrics").status_code == 401


def test_a_token_for_one_case_sees_no_other(program: Program) -> None:
    now = program.room.desk.cases.clock.now()
    token, sent = new_token(
        "one case", ALL, made_at=now, ends_at=now + timedelta(days=1), cases=("night-1",)
    )
    program.room.desk.tokens.add(token)
    program.client.headers["authorization"] = f"Bearer {sent}"
    assert [one["id"] for one in program.ask(f"{API}/cases")["cases"]] == ["night-1"]
    program.ask(f"{API}/cases/cup+night-2", status=403)
    program.room.desk.tokens.remove(token.id)
    program.ask(f"{API}/cases", status=401)


def test_the_description_says_how_to_ask_and_what_each_answer_means(program: Program) -> None:
    described = program.ask(f"{API}/openapi.json")
    assert described["security"] == [{"token": []}]
    assert len(described["paths"]) > 10
    for path, methods in described["paths"].items():
        assert set(methods) == {"get"}, path
        assert methods["get"]["summary"]
        assert methods["get"]["description"]
        for part in methods["get"].get("parameters", ()):
            assert part.get("description"), (path, part["name"])
    for name, shape in described["components"]["schemas"].items():
        assert shape.get("description"), name


def test_whatever_is_asked_is_answered_as_the_description_says(program: Program) -> None:
    schema = schemathesis.openapi.from_dict(program.ask(f"{API}/openapi.json"))
    asked: Counter[tuple[str, int]] = Counter()

    def hold(case: Any, known: str | None) -> None:
        if known is not None and "id" in case.path_parameters:
            case.path_parameters["id"] = known
        answer = program.client.request(case.method, API + case.formatted_path, params=case.query)
        asked[case.path, answer.status_code] += 1
        assert answer.status_code < 500, (case.as_curl_command(), answer.text)
        case.operation.validate_response(
            schemathesis.Response(
                status_code=answer.status_code,
                headers={name: [value] for name, value in answer.headers.items()},
                content=answer.content,
                request=Request(case.method, f"http://127.0.0.1{case.formatted_path}").prepare(),
                elapsed=0.0,
                verify=False,
            )
        )

    for found in schema.get_all_operations():
        operation = found.ok()
        for known in (None, "night-1"):

            @settings(max_examples=6, deadline=None, database=None, derandomize=True)
            @given(case=operation.as_strategy(), known=st.just(known))
            def ask(case: Any, known: str | None) -> None:
                hold(case, known)

            ask()
    assert len({path for path, _ in asked}) == len(schema)
    assert {status for _, status in asked} >= {200, 404}


def test_the_counts_of_the_room_name_no_case_no_host_and_nobody(program: Program) -> None:
    program.ask(f"{NIGHT}/records?q=hospital")
    program.room.text("/cases/night-1?q=hospital")
    text = program.client.get("/metrics").text
    assert 'cautery_cases{state="closed"} 1' in text
    assert re.search(r'cautery_room_answers_total\{sort="api",status="2xx"\} [1-9]', text)
    assert re.search(r"^cautery_records [1-9]\d+$", text, re.MULTILINE)
    for named in ("night", "hospital", "example", "League", "stream.appeared"):
        assert named not in text
    for line in text.splitlines():
        assert re.fullmatch(
            r'# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [\d.e+]+', line
        )


def test_the_log_of_answers_says_no_words_no_case_and_nobody(
    program: Program, capsys: pytest.CaptureFixture[str]
) -> None:
    room = logging.getLogger("cautery.room")
    before = (room.handlers[:], room.level, room.propagate)
    log_as_json()
    try:
        program.ask(f"{NIGHT}/records?q=hospital")
        program.client.get(f"{API}/cases/night-1/nothing?q=hospital")
        program.room.text("/cases/night-1/records/3")
    finally:
        room.handlers, room.level, room.propagate = before
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["status"] for line in lines] == [200, 404, 200]
    assert lines[2]["route"] == "/cases/{id}/records/{index}"
    assert {tuple(line) for line in lines} == {
        ("at", "level", "says", "method", "route", "status", "ms")
    }
    for line in lines:
        assert "night" not in json.dumps(line)
        assert "hospital" not in json.dumps(line)


def test_health_tells_strangers_that_the_room_lives_and_no_more(
    program: Program, tmp_path: Path
) -> None:
    stranger = program.room.stranger()
    assert stranger.get("/health").text == "alive\n"
    assert stranger.get("/ready").text == "ready\n"
    assert stranger.get("/metrics").status_code == 401


@pytest.mark.parametrize("depth", [300, 900, 100_000])
def test_a_record_that_is_nested_more_deeply_than_programs_read_has_no_body(depth: int) -> None:
    assert _body('{"body":{"a":' + "[" * depth + "]" * depth + "}}") is None
