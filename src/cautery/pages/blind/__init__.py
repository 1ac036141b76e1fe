"""The page of blind tests: what the watch made of decoys, per night and over a season."""

from cautery.pages.blind.render import blind_page, night_part

__all__ = ["blind_page", "night_part"]
