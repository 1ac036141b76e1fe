"""What tests of readers share: how much memory a reading takes at most."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest


@dataclass(slots=True)
class Traced:
    peak: int = 0
    """Bytes held at once, at most; known at the end of the block."""


@pytest.fixture
def traced() -> Callable[[], AbstractContextManager[Traced]]:
    """Give a block whose memory is measured."""

    @contextmanager
    def block() -> Iterator[Traced]:
        seen = Traced()
        tracemalloc.start()
        try:
            yield seen
            seen.peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return block
