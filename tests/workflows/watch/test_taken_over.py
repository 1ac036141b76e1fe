"""What a case says of the process that took it up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cautery.evidence.lease import DroveBefore
from cautery.model import Entry
from cautery.model.records.watching import TakenWhy, WatchTakenOver
from cautery.workflows.case.journal import Journal
from cautery.workflows.watch.run import _record_lease


@pytest.mark.parametrize("stood_by", [True, False])
def test_a_process_that_waited_is_said_to_have_stood_by_whoever_hears_the_references(
    *, journal: Journal, heard: list[Entry], stood_by: bool
) -> None:
    before = DroveBefore(driver="first", ended=False, silent_s=7.0)
    lease = SimpleNamespace(driver="second", before=before, epoch=2)
    ports: Any = SimpleNamespace(lease=lease, hearing=None, stood_by=stood_by)
    _record_lease(ports, journal)
    [record] = [one.content for one in heard if isinstance(one.content, WatchTakenOver)]
    assert (record.stood_by, record.why) == (stood_by, TakenWhy.SILENT)
