from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cautery.lab import LiveLab, World, build_world, start_lab


@pytest.fixture(scope="session")
def small_world(lab_media: Path) -> World:
    return build_world(3, lab_media, size="small")


@pytest.fixture(scope="session")
def live(small_world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveLab]:
    with start_lab(small_world, tmp_path_factory.mktemp("run"), lead_s=0.5) as lab:
        yield lab
