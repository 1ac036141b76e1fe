"""What machines ask of the room: whether it lives, whether it can read cases, and its counts."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from cautery.console.desk import Desk
from cautery.console.rights import needs
from cautery.errors import CauteryError
from cautery.model.records import NodeState
from cautery.model.room import Right
from cautery.pages.room.view import CaseState
from cautery.projections.presence import state_of
from cautery.workflows.browse.standing import standing

_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus's text format (prometheus.io/docs/instrumenting/exposition_formats)."""


def router(desk: Desk) -> APIRouter:
    """Return what machines ask."""
    pages = APIRouter()

    @pages.get("/health", include_in_schema=False)
    @needs(Right.OPEN)
    def health() -> Response:
        return PlainTextResponse("alive\n")

    @pages.get("/ready", include_in_schema=False)
    @needs(Right.OPEN)
    def ready() -> Response:
        try:
            desk.cases.places()
        except (CauteryError, OSError):
            return PlainTextResponse("the folder of cases cannot be read\n", status_code=503)
        return PlainTextResponse("ready\n")

    @pages.get("/metrics", include_in_schema=False)
    @needs(Right.COUNTS)
    def metrics() -> Response:
        return Response("\n".join(_lines(desk)) + "\n", media_type=_FORMAT)

    return pages


def _lines(desk: Desk) -> Iterator[str]:
    stands = standing(desk.cases)
    yield from _metric("cautery_cases", "gauge", "Cases, by how they stand.")
    for state in CaseState:
        yield f'cautery_cases{{state="{state}"}} {stands.states.get(state, 0)}'
    yield from _one("cautery_records", "gauge", "Records of all cases.", stands.records)
    yield from _one(
        "cautery_lists_behind_records",
        "gauge",
        "Records that the lists of the cases that people look at do not have yet.",
        stands.behind,
    )
    yield from _one(
        "cautery_watch_silent_seconds",
        "gauge",
        "Of the cases that are watched, the longest time since a record; 0: none is watched.",
        round(stands.silent_s, 3),
    )
    yield from _one(
        "cautery_room_live_pages", "gauge", "Pages that are live now.", desk.live.streams
    )
    yield from _metric("cautery_room_answers_total", "counter", "Answers, by sort and status.")
    for (sort, status), count in sorted(desk.telemetry.answers().items()):
        yield f'cautery_room_answers_total{{sort="{sort}",status="{status}"}} {count}'
    yield from _metric("cautery_room_answer_seconds_total", "counter", "Time until answers ended.")
    for sort, seconds in sorted(desk.telemetry.seconds().items()):
        yield f'cautery_room_answer_seconds_total{{sort="{sort}"}} {seconds:.6f}'
    yield from _node_lines(desk)
    used = resource.getrusage(resource.RUSAGE_SELF)
    yield from _one(
        "process_cpu_seconds_total", "counter", "CPU of the room.", round(time.process_time(), 3)
    )
    yield from _one(
        "process_peak_memory_bytes", "gauge", "Memory of the room at most.", used.ru_maxrss * 1024
    )


def _node_lines(desk: Desk) -> Iterator[str]:
    """Yield the nodes and their jobs; nothing without a server, or if it does not answer."""
    try:
        cluster = desk.nodes()
    except CauteryError:
        yield from _one(
            "cautery_nodes_known", "gauge", "Whether the database told of its nodes.", 0
        )
        return
    if cluster is None:
        return
    yield from _one("cautery_nodes_known", "gauge", "Whether the database told of its nodes.", 1)
    rows = [(node, state_of(node, desk.fit, now=cluster.now)[0]) for node in cluster.nodes]
    yield from _metric("cautery_nodes", "gauge", "Nodes, by how they stand.")
    for state in NodeState:
        count = sum(stands is state for _, stands in rows)
        yield f'cautery_nodes{{state="{state}"}} {count}'
    jobs = cluster.jobs
    yield from _one("cautery_jobs_waiting", "gauge", "Jobs that no node has taken.", jobs.waiting)
    yield from _one("cautery_jobs_under_way", "gauge", "Jobs that nodes do.", jobs.under_way)
    yield from _one("cautery_jobs_done_total", "counter", "Jobs that were answered.", jobs.done)
    yield from _one(
        "cautery_jobs_redone_total", "counter", "Jobs begun anew, as a node died.", jobs.redone
    )
    yield from _one(
        "cautery_jobs_oldest_waiting_seconds",
        "gauge",
        "How long the oldest job has waited; 0: none waits.",
        round(jobs.oldest_waiting_s, 3),
    )
    present_nodes = [node for node, stands in rows if stands is not NodeState.GONE]
    yield from _metric("cautery_node_jobs", "gauge", "Jobs under way on a node.")
    for node in present_nodes:
        yield f'cautery_node_jobs{{node="{node.name}"}} {node.at_work}'
    yield from _metric(
        "cautery_node_references_late_seconds", "gauge", "How late the references of a node are."
    )
    for node in present_nodes:
        if node.lag_s is not None:
            yield f'cautery_node_references_late_seconds{{node="{node.name}"}} {node.lag_s:.3f}'


def _one(name: str, kind: str, meaning: str, value: float) -> Iterator[str]:
    yield from _metric(name, kind, meaning)
    yield f"{name} {value}"


def _metric(name: str, kind: str, meaning: str) -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} {kind}"
