"""The shared generator of planted links, as it stands beside the data."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType


def generator(folder: Path) -> ModuleType:
    """Load the generator that lies beside a folder of data."""
    path = folder.parent / "generators" / "planted_links.py"
    spec = importlib.util.spec_from_file_location("planted_links", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
