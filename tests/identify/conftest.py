"""What tests of identification share."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

import cautery


@pytest.fixture(scope="session")
def rerun() -> ModuleType:
    """The program that a stranger has, which imports nothing of ours."""
    path = Path(cautery.__file__).parent / "workflows/dossier/in_bag/sound_again.py"
    specification = importlib.util.spec_from_file_location("sound_again", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
