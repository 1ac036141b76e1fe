"""A world of the lab in which others vouch for the times of cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from cautery.lab.vouched_world import World, made_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return made_world(tmp_path)
