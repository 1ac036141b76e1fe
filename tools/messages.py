"""Collect every text that people read into the catalogue's template, ``cautery.pot``.

Run: ``python tools/messages.py``, or ``--check`` to be told whether the template is stale.

To add a language, run ``pybabel init -D cautery -i cautery.pot -d locale -l fr`` in
``src/cautery/messages``, translate ``locale/fr/LC_MESSAGES/cautery.po``, and run ``pybabel compile
-D cautery -d locale``.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import write_po

from cautery.drawing.europe import country_names
from cautery.messages import TEXTS

ROOT = Path(__file__).parent.parent / "src" / "cautery"
TEMPLATE = ROOT / "messages" / "cautery.pot"
KEYWORDS = {"tr": None, "tr_n": (1, 2), "_": None, "gettext": None, "ngettext": (1, 2)}
_NEVER = datetime(2026, 1, 1, tzinfo=UTC)  # the template is the same for the same texts


def texts_of(path: Path) -> Iterator[tuple[str | tuple[str, str], list[str]]]:
    """Yield the texts of a module or a template, with what the translator should know."""
    method, options = (
        ("python", {})
        if path.suffix == ".py"
        else ("jinja2", {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"})
    )
    # Babel warns of each f-string inside a call, also where it is a value and not the text.
    with path.open("rb") as file, redirect_stderr(io.StringIO()):
        for _, text, comments, _ in extract(
            method, file, keywords=KEYWORDS, comment_tags=("Translators:",), options=options
        ):
            yield text, comments  # type: ignore[misc]


def template() -> bytes:
    """Return the catalogue's template."""
    catalogue = Catalog(
        project="Cautery",
        copyright_holder="The Cautery founders",
        creation_date=_NEVER,
        fuzzy=False,
        charset="utf-8",
    )
    for name, text in TEXTS.items():
        catalogue.add(text, auto_comments=[name], flags={"python-format"})
    for name in country_names().values():
        catalogue.add(name, auto_comments=["a country"])
    for path in sorted((*ROOT.rglob("*.py"), *ROOT.rglob("*.j2"))):
        for text, comments in texts_of(path):
            catalogue.add(
                text, locations=[(str(path.relative_to(ROOT)), 1)], auto_comments=comments
            )
    out = io.BytesIO()
    write_po(out, catalogue, width=100, sort_output=True, include_lineno=False)
    return out.getvalue()


def main() -> None:
    """Write the template, or tell whether it is stale."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--check", action="store_true", help="write nothing")
    made = template()
    if not ask.parse_args().check:
        TEMPLATE.write_bytes(made)
        return
    if not TEMPLATE.is_file() or TEMPLATE.read_bytes() != made:
        sys.exit("src/cautery/messages/cautery.pot is stale: python tools/messages.py")


if __name__ == "__main__":
    main()
