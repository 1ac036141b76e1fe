"""Every adapter says what it reaches, by what right, how politely, and in which format."""

from pathlib import Path

import pytest

import cautery.adapters

FOLDER = Path(cautery.adapters.__file__).parent
ADAPTERS = sorted(one for one in FOLDER.glob("*.py") if not one.name.startswith("_"))


def test_there_are_adapters():
    assert {"http.py", "dns.py", "tls.py", "rdap.py"} <= {one.name for one in ADAPTERS}


@pytest.mark.parametrize("adapter", ADAPTERS, ids=lambda one: one.stem)
@pytest.mark.parametrize("section", ["Reaches:", "Lawful basis:", "Manners:", "Format:"])
def test_an_adapter_opens_with_what_it_does_to_the_world(adapter, section):
    head = adapter.read_text().split('"""')[1]
    assert f"\n{section} " in head
