"""What the room counts and logs of itself: no case, no host, no person, no words of a question."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from threading import Lock

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cautery.model.times import iso

_LOG = logging.getLogger("cautery.room.requests")
_NOWHERE = "none"


class Telemetry:
    """Counts the answers of a room, and logs each by the pattern of its address."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._answers: Counter[tuple[str, str]] = Counter()
        self._seconds: Counter[str] = Counter()

    def wrap(self, app: ASGIApp) -> ASGIApp:
        """Return an application that is counted."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            status, began = 500, time.perf_counter()

            async def sending(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                await app(scope, receive, sending)
            finally:
                self._note(scope, status, time.perf_counter() - began)

        return counted

    def answers(self) -> dict[tuple[str, str], int]:
        """Return how many answers there were, by sort of address and status."""
        with self._lock:
            return dict(self._answers)

    def seconds(self) -> dict[str, float]:
        """Return how long they took together, by sort of address."""
        with self._lock:
            return dict(self._seconds)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        sort = _sort(scope["path"])
        with self._lock:
            self._answers[sort, f"{status // 100}xx"] += 1
            if sort != "events":  # an open stream lasts as long as somebody looks
                self._seconds[sort] += seconds  # type: ignore[assignment]
        if _LOG.isEnabledFor(logging.INFO):
            _LOG.info(
                "answered",
                extra={
                    "answer": {
                        "method": scope["method"],
                        "route": getattr(scope.get("route"), "path", _NOWHERE),
                        "status": status,
                        "ms": round(seconds * 1e3, 1),
                    }
                },
            )


def _sort(path: str) -> str:
    if path.startswith("/api/"):
        return "api"
    if path.startswith("/taxii2/"):
        return "taxii"
    if path.startswith("/static/"):
        return "static"
    return "events" if path.endswith("/events") else "page"


class _Lines(logging.Formatter):
    """Writes a line of JSON for each entry."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of an entry; of an exception its kind alone."""
        line = {
            "at": iso(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname.lower(),
            "says": record.getMessage(),
            **getattr(record, "answer", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line)


def log_as_json() -> None:
    """Log to standard error, a line of JSON for each entry; also each answer."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines())
    for name in ("cautery.room", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        logger.propagate = False
