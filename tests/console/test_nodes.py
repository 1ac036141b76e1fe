"""The page of the nodes, who may look at it, and what machines are told of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.console.nodes import FIT, HOSTILE, NOW, cluster, node

from cautery.adapters.clock import FixedClock
from cautery.console.app import room_app
from cautery.errors import StorageError
from cautery.model.nodes import NodesSeen
from cautery.model.ports import NodeMoment
from cautery.model.room import RoomRole


@contextmanager
def client_of(room: Any, seen: Any) -> Iterator[TestClient]:
    room.desk.cases.clock = FixedClock(NOW)
    desk = replace(room.desk, nodes=seen, fit=FIT)
    client = TestClient(room_app(desk), base_url="http://127.0.0.1:8017")
    client.cookies.set(desk.secret.cookie, desk.secret.session)
    with closing(client):
        yield client


def page_of(room: Any, seen: NodesSeen | None, *, language: str = "en") -> str:
    with client_of(room, lambda: seen) as client:
        answer = client.get("/nodes", headers={"accept-language": language})
        assert answer.status_code == 200
        return answer.text


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_each_node_stands_with_its_state_and_why_it_gets_no_job(room: Any) -> None:
    said = words(page_of(room, cluster()))
    for part in (
        "nodes at work 2 of 7",
        "it runs version 0.1.9 of Cautery, and the watch 0.2.0",
        "its clock is 3 600 s ahead of the database&#39;s",
        "its disk has 4 MB free for references, and needs 1 024 MB",
        "silent for 40 s",
        "the oldest for 3 s",
        "begun anew 2",
        "draining",
        "a file of its references is damaged",
    ):
        assert part in said


def test_those_that_need_somebody_come_first(room: Any) -> None:
    page = page_of(room, cluster())
    names = re.findall(r'<th scope="row"><bdi>([^<]*)</bdi>', page)
    assert names == ["full", "late-clock", "old", "lyon", "odd", "paris", "gone"]


def test_what_a_stranger_wrote_into_the_table_is_text(room: Any) -> None:
    evil = node(
        "evil",
        version=HOSTILE,
        country=HOSTILE,
        shards=(HOSTILE,) * 50,
        lag_s=float("inf"),
        clock_late_s=float("inf"),
        free_bytes=-(10**30),
        capacity=-1,
        history=(
            NodeMoment(at_s=float("nan"), at_work=10**9, lag_s=float("nan")),
            NodeMoment(at_s=NOW.timestamp() - 9, at_work=10**9, lag_s=float("nan")),
            NodeMoment(at_s=NOW.timestamp() - 4, at_work=-(10**9), lag_s=float("inf")),
        ),
    )
    page = page_of(room, cluster(evil))
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "nan" not in "".join(re.findall(r"<svg class=\"node\".*?</svg>", page, re.DOTALL))


def test_a_picture_has_a_bar_for_each_moment_and_says_what_it_shows(room: Any) -> None:
    [picture] = re.findall(
        r'<svg class="node".*?</svg>',
        page_of(room, NodesSeen(now=NOW, nodes=(node("paris"),), jobs=cluster().jobs)),
        re.DOTALL,
    )
    assert picture.count('class="kept"') + picture.count('class="behind"') == 60
    assert picture.count('class="behind"') == 20
    assert "at most 4 jobs side by side, references late by 46 s at most" in picture


def test_a_room_of_a_folder_says_that_it_has_no_nodes(room: Any) -> None:
    page = page_of(room, None)
    assert "This room has no nodes" in page
    assert "hx-get" not in page


def test_without_a_node_the_page_says_how_to_start_one(room: Any) -> None:
    empty = NodesSeen(now=NOW, nodes=(), jobs=cluster().jobs)
    assert "cautery node run --name" in page_of(room, empty)


@pytest.mark.parametrize("language", ["es", "fr", "it"])
def test_the_page_is_in_the_language_of_who_asks(room: Any, language: str) -> None:
    page = words(page_of(room, cluster(), language=language))
    assert "jobs wait" not in page
    assert "begun anew" not in page


def test_a_database_that_does_not_answer_is_said_on_the_page(room: Any) -> None:
    def unreachable() -> NodesSeen:
        raise StorageError("the database does not answer")

    with client_of(room, unreachable) as client:
        assert client.get("/nodes").status_code == 503
        metrics = client.get("/metrics").text
    assert "cautery_nodes_known 0\n" in metrics
    assert "cautery_cases{" in metrics


def test_machines_are_told_how_many_nodes_stand_how(room: Any) -> None:
    with client_of(room, cluster) as client:
        lines = client.get("/metrics").text.splitlines()
    assert 'cautery_nodes{state="refused"} 3' in lines
    assert 'cautery_nodes{state="gone"} 1' in lines
    assert "cautery_jobs_waiting 12" in lines
    assert "cautery_jobs_redone_total 2" in lines
    assert 'cautery_node_references_late_seconds{node="paris"} 2.400' in lines
    assert not [line for line in lines if '"gone"' in line and "state" not in line]


def test_guests_and_providers_do_not_see_the_machines(peopled: Any) -> None:
    statuses = {role: peopled.as_(role).get("/nodes").status_code for role in RoomRole}
    assert {role for role, status in statuses.items() if status == 200} == {
        RoomRole.ANALYST,
        RoomRole.DUTY_OFFICER,
        RoomRole.COMMANDER,
        RoomRole.AUDITOR,
        RoomRole.KEEPER,
    }
