"""Sentences about the links between hosts, and look-ups."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {}
