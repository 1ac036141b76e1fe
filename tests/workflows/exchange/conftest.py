"""Desks of several agencies, and a format that keeps everything."""

from __future__ import annotations

import pytest
from tests.exchange import identity
from tests.workflows.operation.conftest import agency_desk, agency_table

__all__ = ["agency_desk", "agency_table"]


@pytest.fixture(autouse=True)
def _identity(monkeypatch: pytest.MonkeyPatch) -> None:
    identity.installed(monkeypatch)
