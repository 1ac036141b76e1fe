"""The facts that the code takes from outside: each citation has a fact, each fact its module."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = (ROOT / "docs/reference/sources.md").read_text(encoding="utf-8")
FACTS = set(re.findall(r"\*\*(F\d+)\*\*", SOURCES))
CITED = re.compile(r"sources\.md,?[\s#*\"']+(F\d+(?:(?:, | and | to )F\d+)*)")


def texts() -> list[tuple[Path, str]]:
    folders = ("src", "bench", "tests", "docs")
    suffixes = {".py", ".toml", ".md"}
    return [
        (path, path.read_text(encoding="utf-8"))
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in suffixes and path.is_file() and path != Path(__file__)
    ]


def test_each_cited_fact_is_on_the_page() -> None:
    cited = {
        (number, str(path.relative_to(ROOT)))
        for path, text in texts()
        for citation in CITED.findall(text)
        for number in re.findall(r"F\d+", citation)
    }
    assert len(cited) > 40
    assert {(number, path) for number, path in cited if number not in FACTS} == set()


def test_each_fact_names_modules_that_exist() -> None:
    facts = SOURCES.partition("## Publications")[0]
    paths = re.findall(r"`([\w.-]+/[\w./-]*)`", facts)
    assert len(paths) > 60
    places = (ROOT / "src/cautery", ROOT)
    assert [path for path in paths if not any((place / path).exists() for place in places)] == []


def test_each_publication_that_a_fact_names_is_listed() -> None:
    facts, _, publications = SOURCES.partition("## Publications")
    listed = set(re.findall(r"\bS\d+\b", publications))
    assert set(re.findall(r"\bS\d+\b", facts)) <= listed
