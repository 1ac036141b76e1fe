"""Names of the model are loaded all at once, and not before one is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cautery import model
from cautery.model import nouns

CHILDREN = (
    "cautery.adapters._decoder_child",
    "cautery.adapters._reading_child",
    "cautery.adapters._signer_child",
    "cautery.adapters._cosigner_secrets",
)


def test_the_package_offers_all_nouns() -> None:
    assert model.__all__ is nouns.__all__
    assert all(getattr(model, name) is getattr(nouns, name) for name in nouns.__all__)


def test_a_name_that_is_no_noun_is_an_error() -> None:
    with pytest.raises(AttributeError, match="Nonesuch"):
        _ = model.Nonesuch  # type: ignore[attr-defined]


def test_a_child_process_loads_no_nouns_that_it_does_not_need() -> None:
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n"
        "    importlib.import_module(name)\n"
        "print('cautery.model.nouns' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *CHILDREN], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "False\n"
