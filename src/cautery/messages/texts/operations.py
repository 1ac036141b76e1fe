"""Sentences about a joint operation."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {}
