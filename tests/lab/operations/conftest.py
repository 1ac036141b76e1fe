from __future__ import annotations

import pytest

from cautery.lab.operations import OperationWorld, build_world


@pytest.fixture(scope="session")
def full() -> OperationWorld:
    return build_world("taken-down", seed=7)


@pytest.fixture(scope="session")
def small() -> OperationWorld:
    return build_world("taken-down", seed=3, scale=0.01)
