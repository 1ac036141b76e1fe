"""The bands of a drawn network: what stands above what."""

from __future__ import annotations

from cautery.model import Role

BANDS: tuple[tuple[str, frozenset[Role]], ...] = (
    ("sources", frozenset({Role.SOURCE})),
    ("encoders", frozenset({Role.ENCODER})),
    ("origins", frozenset({Role.ORIGIN})),
    ("edges", frozenset({Role.EDGE, Role.PLAYLIST})),
    ("panels", frozenset({Role.PANEL})),
    ("super-resellers", frozenset({Role.SUPER_RESELLER})),
    ("resellers", frozenset({Role.RESELLER})),
    ("storefronts", frozenset({Role.STOREFRONT})),
    ("payments", frozenset({Role.PAYMENT})),
    ("shared", frozenset({Role.SHARED})),
    ("other", frozenset({Role.UNKNOWN})),
)
"""From the stolen signal down to the money (docs/reference/sources.md, F1)."""
