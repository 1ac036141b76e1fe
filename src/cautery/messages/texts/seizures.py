"""Sentences about what was seized."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {
    "seized.cut-off": "the file is cut off, or is not packed in the way its name says",
    "seized.over-limit": "%(detail)s",
    "seized.unreadable": "%(detail)s",
}
