"""Sentences about the guard, canaries, lists, referrals and roll-backs."""

from __future__ import annotations

TEXTS: dict[str, str | tuple[str, str]] = {}
