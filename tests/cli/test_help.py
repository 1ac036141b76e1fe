"""Help answers at once, and each verb brings an example."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import click
import pytest
import typer

from cautery import __version__
from cautery.cli import app

HEAVY = {
    "aiohttp",
    "av",
    "cryptography",
    "highspy",
    "igraph",
    "jinja2",
    "llvmlite",
    "matplotlib",
    "numba",
    "numpy",
    "polars",
    "pydantic",
    "scipy",
}
_WHAT_IS_LOADED = """
import contextlib, sys
sys.argv = ["cautery", *{arguments}]
from cautery.cli import main
with contextlib.suppress(SystemExit):
    main()
print("loaded", *sorted({{name.partition(".")[0] for name in sys.modules}}))
"""


def verbs() -> Iterator[tuple[str, click.Command]]:
    def below(path: str, command: Any) -> Iterator[tuple[str, click.Command]]:
        for name, one in getattr(command, "commands", {}).items():
            here = f"{path} {name}".strip()
            if hasattr(one, "commands"):
                yield from below(here, one)
            else:
                yield here, one

    yield from below("", typer.main.get_command(app))


VERBS = dict(verbs())


def test_all_verbs_of_the_manual_are_there() -> None:
    assert set(VERBS) >= {
        *("demo", "watch", "verify", "identify", "resolve", "read", "guard"),
        *("references build", "references info", "facts info", "keys new", "keys public"),
        *("referral list", "referral show", "referral approve", "lab serve", "lab score"),
    }


@pytest.mark.parametrize("verb", VERBS)
def test_a_verbs_help_begins_with_a_sentence_and_holds_an_example_of_it(verb: str) -> None:
    text = VERBS[verb].help or ""
    assert text.strip().splitlines()[0].endswith((".", "?"))
    assert f"Example: cautery {verb}" in text


@pytest.mark.parametrize("group", ["", "operation", "operation exhibit", "seized"])
def test_the_list_of_verbs_tells_each_ones_first_sentence_whole(
    cautery: Callable[..., Any], group: str
) -> None:
    told = " ".join(cautery(*group.split(), "--help").out.partition("Commands:")[2].split())
    below = [verb for verb in VERBS if verb.rpartition(" ")[0] == group]
    assert len(below) > 5
    for verb in below:
        first = " ".join((VERBS[verb].help or "").split("\n\n")[0].split())
        assert first.partition(". ")[0].removesuffix(".") in told


@pytest.mark.parametrize("verb", VERBS)
def test_every_option_and_argument_says_what_it_is(cautery: Callable[..., Any], verb: str) -> None:
    ended = cautery(*verb.split(), "--help")
    assert ended.code == 0
    assert "Example: " in ended.out
    undescribed = [
        one.name
        for one in VERBS[verb].params
        if one.name != "help" and not getattr(one, "help", "")
    ]
    assert undescribed == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["operation", "--help"], []])
def test_help_loads_no_heavy_library(
    python: Callable[..., subprocess.CompletedProcess[str]], arguments: list[str]
) -> None:
    ended = python("-c", _WHAT_IS_LOADED.format(arguments=arguments))
    assert ended.returncode == 0, ended.stderr
    loaded = set(ended.stdout.splitlines()[-1].split()[1:])
    assert "typer" in loaded
    # Of a single verb's paths typer itself asks pydantic.
    allowed = {"pydantic"} if len(arguments) > 1 else set()
    assert loaded & HEAVY <= allowed


def test_the_version_is_the_packages(cautery: Callable[..., Any]) -> None:
    ended = cautery("--version")
    assert (ended.code, ended.out.strip()) == (0, f"cautery {__version__}")


def test_an_unknown_verb_is_bad_use(cautery: Callable[..., Any]) -> None:
    ended = cautery("seize")
    assert ended.code == 2
    assert "seize" in ended.err
    assert ended.out == ""
