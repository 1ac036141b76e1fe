from pathlib import Path

import pytest

from cautery.adapters import reading
from cautery.exchange import catalogue

from . import plain


@pytest.fixture
def plain_format(monkeypatch: pytest.MonkeyPatch) -> None:
    """The format ``plain``, in this process and in children that read."""
    monkeypatch.setattr(catalogue, "NAMES", catalogue.NAMES)  # so that it is undone
    plain.register()
    beside = f"import sys;sys.path.insert(0,{str(Path(__file__).parent)!r});import plain;plain.register();"
    monkeypatch.setattr(reading, "_RUN", beside + reading._RUN)
