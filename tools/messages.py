"""Collect every text that people read into ``cautery.pot``, and compile the languages.

Run: ``python tools/messages.py``, or ``--check`` to be told what is stale.

A language is ``src/cautery/messages/locale/LANGUAGE/LC_MESSAGES/cautery.po``. It holds the texts of
dossiers, of the public pages, of the papers of forms and of the operations room: each of
:func:`dossier_texts`, :func:`public_texts`, :func:`form_texts` and :func:`room_texts` must be
translated, and other texts may be. Everything
else that Cautery says is English where a language lacks it. ``cautery.mo`` beside it is compiled
here.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from cautery.drawing.europe import country_names
from cautery.identify.likelihood import published_error_rates
from cautery.messages import TEXTS
from cautery.pages.dossier.words import rate_key
from cautery.workflows.dossier import verify_page

ROOT = Path(__file__).parent.parent / "src" / "cautery"
TEMPLATE = ROOT / "messages" / "cautery.pot"
KEYWORDS = {"tr": None, "tr_n": (1, 2), "_": None, "gettext": None, "ngettext": (1, 2)}
DOSSIER_FOLDERS = ("pages/dossier", "workflows/dossier")
ROOM_FOLDERS = (
    "console",
    "pages/blind",
    "pages/kpi",
    "pages/grown",
    "pages/operation",
    "pages/press_sheet",
    "pages/room",
    "pages/seizure",
    "pages/supply_map",
    "pages/told",
    "workflows/browse",
    "workflows/operation/page_view",
    "workflows/operation/press_sheet",
    "workflows/operation/seizure_site",
    "workflows/people",
)
ROOM_CODE = (
    "drawing/europe.py",
    "drawing/months.py",
    "messages/dates.py",
    "pages/case_report/formatting.py",
    "pages/case_report/plot.py",
    "workflows/operation/holdings.py",
    "workflows/operation/report_step.py",
)
ROOM_MESSAGES = frozenset(
    (
        "agency-role",
        "band",
        "bias",
        "case-state",
        "checked",
        "claim",
        "claims",
        "competence",
        "crime",
        "custody-act",
        "decision",
        "decoy-kind",
        "descent-state",
        "distance",
        "drifting",
        "effect",
        "estimate",
        "event",
        "exhibit-kind",
        "exhibit-state",
        "fate",
        "finding",
        "fit",
        "fixture-state",
        "fixture-why",
        "go",
        "grown",
        "instrument-kind",
        "item-kind",
        "kpi",
        "kpi-family",
        "kpi-method",
        "kpi-need",
        "kpi-note",
        "kpi-of",
        "kpi-unit",
        "led-category",
        "lever",
        "log-purpose",
        "looked-at",
        "member",
        "method",
        "money-place",
        "node",
        "node-state",
        "no-estimate",
        "outcome",
        "paper-kind",
        "plan",
        "price",
        "quantity",
        "role",
        "room-role",
        "several",
        "size",
        "sizing",
        "spread",
        "statement-kind",
        "step",
        "step-kind",
        "step-state",
        "told-state",
        "trace",
        "trait-kind",
        "trial-end",
        "unit",
        "watch-end",
    )
)
PUBLIC_FOLDERS = ("pages/public", "workflows/public")
FORM_FOLDERS = ("pages/form", "workflows/forms")
FORM_MESSAGES = frozenset(("ending", "grounds", "hold"))
"""What the papers of money say of records."""
DOSSIER_CODE = (
    "act/mandate_signatures.py",
    "workflows/case/outside.py",
    "workflows/operation/access.py",
)
DOSSIER_MESSAGES = frozenset(
    (
        *("exhibit", "failed", "look-step", "no-match", "observation", "several"),
        *("verbal", "verdict", "witness"),
    )
)
"""What a document says of records: the first part of the ids of their messages."""
_BOTH = "%(first)s and %(last)s"
"""Between two people who signed a mandate."""
PLACE = re.compile(r"%\(\w+\)s")
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
    if path.suffix == ".py":
        for within in _in_f_strings(path.read_text(encoding="utf-8")):
            yield within, []


def _in_f_strings(source: str) -> Iterator[str | tuple[str, str]]:
    """Yield the texts of calls inside f-strings, which Babel takes for one string (Python 3.11)."""
    for written in ast.walk(ast.parse(source)):
        for call in ast.walk(written) if isinstance(written, ast.JoinedStr) else ():
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                wanted = KEYWORDS.get(call.func.id, ()) or (1,)
                given = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
                if call.func.id in KEYWORDS and len(given) >= len(wanted):
                    yield given[0] if len(wanted) == 1 else (given[0], given[1])


def rate_texts() -> list[str]:
    """Return what error rates are of, with places for their numbers."""
    return [rate_key(rate.what)[0] for rate in published_error_rates()]


def page_texts() -> list[str]:
    """Return the texts of the pages that say how to check a bag."""
    return [text for page in verify_page.PAGES for text in verify_page.texts(page)]


def dossier_texts() -> list[str | tuple[str, str]]:
    """Return every text that the document and the page of a dossier may say."""
    of_records = [
        text for name, text in TEXTS.items() if name.partition(".")[0] in DOSSIER_MESSAGES
    ]
    of_code = [text for path in DOSSIER_CODE for text, _ in texts_of(ROOT / path)]
    of_pages = [
        text
        for folder in DOSSIER_FOLDERS
        for path in sorted((ROOT / folder).glob("*.py"))
        for text, _ in texts_of(path)
    ]
    return [*of_pages, *of_code, *of_records, *rate_texts(), *page_texts(), _BOTH]


def public_texts() -> list[str | tuple[str, str]]:
    """Return every text that a public page may say."""
    kinds = [text for name, text in TEXTS.items() if name.startswith("addressee-kind.")]
    of_pages = [
        text
        for folder in PUBLIC_FOLDERS
        for path in sorted((*(ROOT / folder).glob("*.py"), *(ROOT / folder).glob("*.j2")))
        for text, _ in texts_of(path)
    ]
    return [*of_pages, *kinds]


def form_texts() -> list[str | tuple[str, str]]:
    """Return every text that the paper of a form may say, but for its labels."""
    of_records = [text for name, text in TEXTS.items() if name.partition(".")[0] in FORM_MESSAGES]
    of_code = [
        text
        for folder in FORM_FOLDERS
        for path in sorted((ROOT / folder).glob("*.py"))
        for text, _ in texts_of(path)
    ]
    return [*of_code, *of_records]


def room_texts() -> list[str | tuple[str, str]]:
    """Return every text that the operations room and the page of an operation may say.

    Of records the room says more.
    """
    of_records = [text for name, text in TEXTS.items() if name.partition(".")[0] in ROOM_MESSAGES]
    paths = [
        *(ROOT / name for name in ROOM_CODE),
        *(
            path
            for folder in ROOM_FOLDERS
            for pattern in ("*.py", "*.j2")
            for path in sorted((ROOT / folder).glob(pattern))
        ),
    ]
    of_code = [text for path in paths for text, _ in texts_of(path)]
    return [*of_code, *of_records, *country_names().values()]


def languages() -> list[Path]:
    """Return the translations that there are."""
    return sorted((ROOT / "messages" / "locale").glob("*/LC_MESSAGES/cautery.po"))


def compiled(translation: Path) -> bytes:
    """Return the bytes that gettext reads of a translation.

    Raises
    ------
    SystemExit
        If it lacks a text of a dossier, a public page, a form or the room, or changes what
        stands in the places of a text.
    """
    with translation.open("rb") as file:
        catalogue = read_po(file, locale=translation.parts[-3])
    for text in (*dossier_texts(), *public_texts(), *form_texts(), *room_texts()):
        known = catalogue.get(text)
        if known is None or known.fuzzy or not all(_strings(known.string)):
            sys.exit(f"{translation}: lacks {text!r}")
    for entry in catalogue:
        if entry.id:
            for one in _strings(entry.string):
                if set(PLACE.findall(one)) - set(PLACE.findall("".join(_strings(entry.id)))):
                    sys.exit(f"{translation}: other places than {entry.id!r}: {one!r}")
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def _strings(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


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
    for text in (*rate_texts(), *page_texts()):
        catalogue.add(text, auto_comments=["of a dossier"])
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
    made = {TEMPLATE: template()}
    made |= {path.with_suffix(".mo"): compiled(path) for path in languages()}
    checking = ask.parse_args().check
    for path, content in made.items():
        if not checking:
            path.write_bytes(content)
        elif not path.is_file() or path.read_bytes() != content:
            sys.exit(f"{path.relative_to(ROOT)} is stale: python tools/messages.py")


if __name__ == "__main__":
    main()
