"""Sentences about a watch: its beginning and end, its pace, its failures."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {
    "watch.waits": "the watch waits for the window of its mandate, which opens at %(window_at)s",
}
