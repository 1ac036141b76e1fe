"""The page that says how to check a bag, its words in the reader's language.

The page is written in English. A block between blank lines is one text of the catalogue, unless it
is code. ``<!-- name -->`` begins a part that only some bags have, ``<!-- end of name -->`` ends it;
``<!-- list of name -->`` stands for a list that is another in each bag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib.resources import files

from cautery.messages import text_of

VERIFY = "VERIFY.md"
PAGES = ("verify_case.md", "verify_extract.md")
_CODE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)
_MARK = re.compile(r"<!-- (?P<end>end of )?(?P<list>list of )?(?P<name>[a-z-]+) -->")
_HEAD = re.compile(r"(?P<sign>#+ |- )(?P<text>.*)", re.DOTALL)


def verify_page(
    name: str, told: Mapping[str, bool], lists: Mapping[str, str] | None = None
) -> bytes:
    """Return a page in the language in use.

    Parameters
    ----------
    name : str
        One of :data:`PAGES`.
    told : mapping of str to bool
        Whether the bag has what each part is about.
    lists : mapping of str to str, optional
        The text of each list, in the language in use.
    """
    blocks, hidden = [], ""
    for block in _blocks(_source(name)):
        if mark := _MARK.fullmatch(block):
            if mark["list"]:
                blocks += [] if hidden else [(lists or {}).get(mark["name"], "")]
            elif mark["end"]:
                hidden = "" if hidden == mark["name"] else hidden
            elif not hidden and not told.get(mark["name"], False):
                hidden = mark["name"]
        elif not hidden:
            blocks.append(block if block.startswith("```") else _said(block))
    return ("\n\n".join(blocks) + "\n").encode()


def texts(name: str) -> Iterator[str]:
    """Yield the texts of a page for the catalogue."""
    for block in _blocks(_source(name)):
        if not block.startswith("```") and not _MARK.fullmatch(block):
            for _, text in _parts(block):
                yield text


def _said(block: str) -> str:
    return "\n".join(f"{sign}{text_of(text)}" for sign, text in _parts(block))


def _parts(block: str) -> Iterator[tuple[str, str]]:
    """Yield each heading, item or paragraph: the sign before it, and its text in one line."""
    for item in re.split(r"\n(?=- )", block):
        head = _HEAD.fullmatch(item)
        sign, text = (head["sign"], head["text"]) if head else ("", item)
        yield sign, " ".join(text.split())


def _blocks(page: str) -> Iterator[str]:
    for part in _CODE.split(page):
        if part.startswith("```"):
            yield part
        else:
            yield from filter(
                None, map(str.strip, re.split(r"\n\s*\n|(?<=-->)\n|\n(?=<!--)", part))
            )


def _source(name: str) -> str:
    return files("cautery.workflows.dossier").joinpath(f"in_bag/{name}").read_text("utf-8")
