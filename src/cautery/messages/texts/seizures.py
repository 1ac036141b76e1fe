"""Sentences about what was seized."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {}
