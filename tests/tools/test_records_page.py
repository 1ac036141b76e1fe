"""Tests of the pages that list every kind of record."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from records_page import records_pages

import docs
from cautery.model.records import KINDS

_LINK = re.compile(r"\]\(([^)#]*)(?:#([^)]*))?\)")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The pages, by their path below docs/reference."""
    return records_pages()


def anchors(page: str) -> set[str]:
    """The anchors of a page's headings."""
    titles = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_each_kind_has_its_section_on_exactly_one_page(pages: dict[str, str]) -> None:
    sections = [
        kind for text in pages.values() for kind in re.findall(r"^## `(.*)`$", text, re.MULTILINE)
    ]
    assert sections
    assert sorted(sections) == sorted(KINDS)


def test_the_index_lists_each_kind_once(pages: dict[str, str]) -> None:
    listed = re.findall(r"^\| \[`(.*?)`\]", pages["records.md"], re.MULTILINE)
    assert sorted(listed) == sorted(KINDS)


def test_each_link_of_a_page_leads_to_a_heading(pages: dict[str, str]) -> None:
    broken = []
    for path, text in pages.items():
        for target, anchor in _LINK.findall(text):
            page = os.path.normpath(Path(path).parent / target) if target else path
            if page not in pages or (anchor and anchor not in anchors(pages[page])):
                broken.append((path, target, anchor))
    assert broken == []


def test_no_page_is_so_long_that_a_reader_gets_lost(pages: dict[str, str]) -> None:
    assert max(len(text.split()) for text in pages.values()) < 5_000


def test_a_page_whose_subject_is_gone_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "reference/records").mkdir(parents=True)
    old, current = (tmp_path / "reference/records" / name for name in ("old.md", "case.md"))
    old.touch()
    current.touch()
    monkeypatch.setattr(docs, "DOCS", tmp_path)
    assert docs.leftover([current]) == [old]
