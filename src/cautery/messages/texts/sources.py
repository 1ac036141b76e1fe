"""Sentences about sources, offers, streams and verdicts."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {}
