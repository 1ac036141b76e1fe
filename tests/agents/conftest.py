"""The provider's agent is a package of its own: its tests find it by its path."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
for _folder in (ROOT / "agents" / "provider" / "src", Path(__file__).parent):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))


@pytest.fixture
def configured(tmp_path):
    """Writes a configuration, with some texts replaced."""

    from provider_site import CONFIG

    def write(*changes):
        text = CONFIG.replace("STATE", str(tmp_path / "state"))
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = tmp_path / "provider.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def server():
    from provider_site import Feed

    running = Feed()
    yield running
    running.shutdown()
    running.server_close()
