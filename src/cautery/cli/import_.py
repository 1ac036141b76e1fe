"""``cautery import``: what a partner sent, shown, converted, or sealed in a case."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cautery import wiring
from cautery.cli import _taxii, render
from cautery.cli._progress import Progress
from cautery.drawing.formatting import counted
from cautery.errors import IncompleteError, InputError
from cautery.exchange.loss import WHOLE, Loss
from cautery.exchange.shape import Assumed, Reading
from cautery.model import KeyedPseudonyms, iso, to_json
from cautery.model.exchange import Item
from cautery.model.marking import marking_of
from cautery.model.records import Evaluated, ExchangeImported
from cautery.wiring import importing
from cautery.wiring.taxii import Access
from cautery.workflows.exchange.reading import ReadFile
from cautery.workflows.exchange.take_in import shown_words, words_of

_MOST_ROWS = 200
_MOST_LINES = 20
_EVALUATION = re.compile(r"([ABCX])([1-4])")
_COLUMNS = ("kind", "id", "by", "marking", "valid until", "evaluation", "state")


@render.tabular
def import_(
    file: Annotated[
        Path | None,
        typer.Argument(help="What the partner sent, also .gz, .xz or .zst; - for stdin."),
    ] = None,
    case: Annotated[
        Path | None, typer.Option("--case", help="Seal and record it in this open case.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--source", help="The partner, by the name under which its files replace."),
    ] = None,
    evaluation: Annotated[
        str | None,
        typer.Option(
            "--evaluation",
            metavar="B2",
            help="How far you trust the partner (A, B, C or X) and what it sent (1 to 4).",
        ),
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="FORMAT", help="Its format; default: by content."),
    ] = None,
    marking: Annotated[
        str | None,
        typer.Option(
            "--marking",
            metavar="'TLP:AMBER PAP:AMBER'",
            help="Of what bears no marking; without it such a file is refused.",
        ),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="FORMAT", help="Convert it to this format.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Where the converted file goes.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="With --to: refuse if anything would be lost.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="With --out: replace an existing file.")
    ] = False,
    taxii: _taxii.Url = None,
    collection: _taxii.Collection = None,
    user: _taxii.User = None,
    password_file: _taxii.PasswordFile = None,
    token_file: _taxii.TokenFile = None,
    allow: _taxii.Allow = None,
    ca: _taxii.Ca = None,
    keys: Annotated[
        Path | None, typer.Option(help="Key folder outside the case; default $CAUTERY_KEYS.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON lines: one per item.")] = False,
) -> None:
    """Show what a partner's file says; convert it, or seal and record it in a case.

    The file is read in a process that can reach nothing and that is ended when it takes too much
    time or memory. What has no place in Cautery is counted, never dropped in silence. Nothing is
    fetched, whatever addresses the file names.

    In a case, what a partner says is kept with its source, evaluation and marking. It is never
    evidence: no verdict, map, estimate, plan, referral or export rests on it.

    With --taxii it comes from a partner's server, whole or not at all; a later poll into the same
    case asks only for what is new.

    Example: cautery import partner.stix.json

    Example: cautery import partner.stix.json --case cases/md34 --source "Liga" --evaluation B2
    """
    _check(case, source, evaluation, to, out, strict=strict, force=force)
    _taxii.require_one_source(file, taxii, collection)
    received = wiring.clock().now()
    assumed = Assumed(
        marking=None if marking is None else marking_of(marking), by=source or "", at=received
    )
    polled = None
    if taxii is not None:
        access = Access(
            user=user,
            password_file=password_file,
            token_file=token_file,
            allow=tuple(allow or ()),
            ca=ca,
        )
        if collection is None:
            _taxii.list_collections(taxii, access, json=json)
            return
        news = _taxii.poll_collection(
            taxii, collection, access, case=case, source=source, assumed=assumed
        )
        if news is None:
            return
        read, polled = news
    else:
        assert file is not None
        with Progress(f"reading {file}", None):
            read = importing.read(file, named=from_, assumed=assumed, case_path=case)
    if to is not None and out is not None:
        _convert(read, to, out, strict=strict, force=force, json=json)
        return
    if case is not None:
        assert source is not None
        assert evaluation is not None
        taken = importing.take(
            case,
            read,
            source=source,
            evaluation=_evaluated(evaluation),
            keys_dir=keys,
            polled=polled,
        )
        say_imported(taken.imported, is_new=taken.is_new, json=json)
        return
    _show(read, json=json)


def _check(
    case: Path | None,
    source: str | None,
    evaluation: str | None,
    to: str | None,
    out: Path | None,
    *,
    strict: bool,
    force: bool,
) -> None:
    if (to is None) != (out is None):
        raise InputError("--to and -o go together", hint="cautery import FILE --to csv -o FILE")
    if out is not None:
        _check_new(out, force=force)
    if strict and to is None:
        raise InputError("--strict: nothing is converted", hint="Add --to FORMAT -o FILE.")
    if case is not None and to is not None:
        raise InputError("--case and --to: give one of them at a time")
    if case is not None and (source is None or evaluation is None):
        raise InputError(
            "--case needs --source and --evaluation",
            hint='Say who sent it and how far it is trusted: --source "Liga" --evaluation B2',
        )
    if case is None and evaluation is not None:
        raise InputError("--evaluation: nothing is recorded", hint="Add --case CASE.")
    if evaluation is not None:
        _evaluated(evaluation)


def _evaluated(words: str) -> Evaluated:
    found = _EVALUATION.fullmatch(words.strip().upper())
    if found is None:
        raise InputError(
            f"--evaluation: {words[:20]!r} is not one",
            hint="A letter of A, B, C, X for the source, and 1 to 4 for the information: B2.",
        )
    return Evaluated(source=found[1], accuracy=int(found[2]))


def _show(read: ReadFile, *, json: bool) -> None:
    reading, now = read.reading, wiring.clock().now()
    package = reading.package
    hidden = KeyedPseudonyms(secrets.token_bytes(32))
    if json:
        for item in package.items:
            render.json_line(to_json(item) | words_of(item, hidden) | _marked(item, hidden))
    elif package.items:
        shown = package.items[: render.most_rows(_MOST_ROWS)]
        render.table(_COLUMNS, (_cells(item, words_of(item, hidden), now) for item in shown))
        if len(package.items) > len(shown):
            render.say(f"{len(package.items) - len(shown):,} more: --json or --csv lists all")
    name, by = (shown_words(one, hidden) for one in (package.name or package.id, package.by))
    render.say(
        f"{read.format.title}: {name}, by {by}, as of "
        f"{iso(package.made_at)[:19]}Z, {package.marking.words}"
    )
    _say_counts(reading)
    say_left_out(reading.left_out)


def _marked(item: Item, hidden: KeyedPseudonyms) -> dict[str, Any]:
    """Return the marking of an item, whose conditions of H3 are a partner's words as well."""
    conditions = item.marking.h3_text
    shown = conditions and shown_words(conditions, hidden)
    return {"marking": to_json(item.marking) | {"h3_text": shown}}


def _cells(item: Item, words: Mapping[str, str], now: Any) -> tuple[object, ...]:
    marking = item.marking
    has_evaluation = marking.source is not None or marking.accuracy is not None
    ended = item.valid_until is not None and item.valid_until <= now
    return (
        item.kind.value,
        words["id"],
        words["by"],
        marking.words,
        "" if item.valid_until is None else iso(item.valid_until)[:19] + "Z",
        f"{marking.source or '?'}{marking.accuracy or '?'}" if has_evaluation else "",
        "revoked" if item.revoked else "ended" if ended else "",
    )


def _say_counts(reading: Reading) -> None:
    items, relations = reading.package.items, reading.package.relations
    revoked = sum(item.revoked for item in items)
    render.say(
        f"{counted(len(items), 'item')} and {counted(len(relations), 'relation')}; "
        f"{revoked:,} revoked. Nothing of it is evidence."
    )


def say_left_out(left_out: Iterable[Loss]) -> None:
    """Say what of a file has no place in a package."""
    ranked = sorted(left_out, key=lambda loss: (-loss.count, loss.noun, loss.field))
    for loss in ranked[:_MOST_LINES]:
        what = loss.noun if loss.field == WHOLE else f"{loss.field} of {loss.noun}"
        why = f": {loss.why}" if loss.why else ""
        render.say(f"left out: {loss.count:,} x {what}{why}")
    if rest := ranked[_MOST_LINES:]:
        render.say(f"left out: {sum(loss.count for loss in rest):,} of {len(rest):,} more kinds")


def say_imported(imported: ExchangeImported, *, is_new: bool, json: bool) -> None:
    """Say what was recorded of a file."""
    if json:
        render.json_line({"new": is_new, "imported": to_json(imported)})
        return
    if not is_new:
        render.say(
            f"this file of {imported.source} was recorded at {iso(imported.at)[:19]}Z: "
            "nothing is added"
        )
    render.table(
        ("kind", "items", "revoked"),
        ((each.kind.value, each.count, each.revoked) for each in imported.items),
    )
    render.say(
        f"{imported.source}, {imported.evaluation}, {imported.marking.words}: "
        f"{imported.added:,} new, {imported.changed:,} changed, {imported.revoked:,} taken back, "
        f"{imported.unchanged:,} as before; {counted(imported.relations, 'relation')}"
    )
    if imported.returned:
        render.say(f"{counted(imported.returned, 'item')} that had been taken back stand again")
    if imported.older:
        render.say(
            f"{counted(imported.older, 'item')} of an earlier version than stands: not shown"
        )
    for left in imported.left_out:
        render.say(f"left out: {left.count:,} x {left.words}")
    for each in imported.contradictions[:_MOST_LINES]:
        says = f"{each.against} says otherwise" if each.against else "this case does not say so"
        render.say(
            f"contradiction: {each.kind} {each.subject} by {each.by}: {says}; they are not merged"
        )
    if imported.contradicted > _MOST_LINES:
        render.say(f"{imported.contradicted:,} contradictions in all")
    if imported.hidden:
        render.say(
            f"{counted(imported.hidden, 'item')} under TLP:RED or about persons: only the sealed "
            "file has them"
        )
    render.say("nothing of it is evidence, and nothing of it is exported: cautery imports CASE")


def _check_new(out: Path, *, force: bool) -> None:
    if out.exists() and not force:
        raise InputError(f"{out} exists already", hint="Name a new file, or give --force.")
    wiring.check_output(out)


def _convert(read: ReadFile, to: str, out: Path, *, strict: bool, force: bool, json: bool) -> None:
    if strict and read.reading.left_out:
        say_left_out(read.reading.left_out)
        raise IncompleteError(
            "a package has no place for all that the file says",
            hint="Without --strict it is converted without what is listed as left out.",
        )
    result = importing.convert(read.reading.package, to, strict=strict)
    _check_new(out, force=force)
    wiring.write_secret(out, (result.raw,))
    say_left_out(read.reading.left_out)
    is_less = bool(result.losses or read.reading.left_out)
    if json:
        for loss in result.losses:
            render.json_line(to_json(loss))
    elif result.losses:
        render.table(
            ("not kept", "field", "items", "altered", "why"),
            ((loss.noun, loss.field, loss.count, loss.altered, loss.why) for loss in result.losses),
        )
    render.say(
        f"{out}: {result.format.title}, {len(result.raw):,} bytes; "
        + ("what is listed above is lost" if is_less else "nothing is lost")
    )
