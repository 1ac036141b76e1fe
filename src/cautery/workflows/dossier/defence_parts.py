"""The parts of a document for the defence: what speaks for the accused, and what is left out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.resources import files

from cautery import __version__
from cautery.messages import say, term, tr
from cautery.model import ClockOffset, Verdict
from cautery.model.message import Message
from cautery.model.records import ProbeDone, kind_of
from cautery.pages.dossier.parts import PartView
from cautery.pages.dossier.words import second, style
from cautery.workflows.dossier.accused import Accused
from cautery.workflows.dossier.defence import RECEIVED, Defence
from cautery.workflows.dossier.extract import Extract
from cautery.workflows.dossier.schedule import (
    SCHEDULE,
    Item,
    counts_of,
    schedule_bytes,
)
from cautery.workflows.dossier.speaks_for import (
    Numbered,
    SpeaksFor,
    explanations,
    speaks_for,
)
from cautery.workflows.dossier.withholding import Reason

MOST_ROWS = 100
"""Of one table; the records have all."""
_TABLES = (
    ("cautery.identify", "error_rates.toml"),
    ("cautery.act", "jurisdictions.toml"),
    ("cautery.estimate", "published.toml"),
)
"""Tables by which this version judges."""
_MOST_TEXT = 300


def defence_parts(extract: Extract, defence: Defence) -> tuple[PartView, ...]:
    """Return the parts, in the language in use; every number is counted in the bag's records."""
    records = speaks_for(extract.shown)
    parts = (
        _whom(defence.accused),
        _short(records, defence.accused),
        _probes(records),
        _explanations(records),
        _guard(records),
        _overrides(records),
        _corrections(records),
        _statements(records, defence.accused),
        _gaps(records),
        _clocks(records),
        _versions(records),
        _schedule(defence),
    )
    return tuple(part for part in parts if part.says or part.rows)


def _whom(accused: Accused) -> PartView:
    says = [
        tr(
            "This dossier is for the defence of an accused. It holds every record about the "
            "accused, whether it speaks for or against him, and lists everything else that the "
            "case has."
        )
    ]
    if accused.person:
        says.append(tr("The accused has the pseudonym %(person)s.", person=accused.person))
    if accused.hosts:
        says.append(
            tr(
                "Hosts that are held against the accused: %(hosts)s.",
                hosts=", ".join(sorted(accused.hosts)[:MOST_ROWS]),
            )
        )
    return PartView(title=tr("Whom this dossier is about"), says=tuple(says))


def _short(records: SpeaksFor, accused: Accused) -> PartView:
    findings, decisions = records.findings(), records.decisions()
    counts = [
        (tr("probes"), len(records.probes)),
        (tr("probes that fetched nothing"), len(records.failed)),
        (tr("probes that match nothing"), len(records.silent)),
        (tr("probes with less than strong support"), len(records.weak)),
        *(
            (tr("verdicts: %(finding)s", finding=say(term("finding", finding.value))), count)
            for finding, count in sorted(findings.items())
        ),
        *(
            (tr("guard: %(decision)s", decision=say(term("decision", decision.value))), count)
            for decision, count in sorted(decisions.items())
        ),
        (tr("overrides of the guard"), len(records.overrides)),
        (tr("refusals, withdrawals, complaints and rulings"), len(records.corrections)),
        (tr("moments at which the watch was late"), len(records.late())),
        (tr("failures"), len(records.failures)),
        (tr("statements of agencies"), len(records.statements) + len(accused.received)),
    ]
    return PartView(
        title=tr("What speaks for the accused"),
        says=(
            tr("Counted in the records of this bag, and in data/statements.jsonl if there is one:"),
        ),
        columns=(tr("What"), tr("Number")),
        rows=tuple((what, style(count)) for what, count in counts),
    )


def _probes(records: SpeaksFor) -> PartView:
    rows = sorted((*records.failed, *records.silent, *records.weak), key=lambda row: row.index)

    def why(row: Numbered[ProbeDone]) -> str:
        probe = row.content
        if probe.failed is not None:
            return say(probe.failed, style)
        if probe.observation is not None and probe.observation.reason is not None:
            return say(probe.observation.reason, style)
        if row in records.weak:
            return tr("less than strong support")
        return tr("it matches no reference")

    return _table(
        tr("Probes that failed or prove nothing"),
        (tr("Record"), tr("Time"), tr("Stream"), tr("Why")),
        ((str(row.index), second(row.content.at), _cut(row.content.url), _cut(why(row)))
         for row in rows),
    )  # fmt: skip


def _explanations(records: SpeaksFor) -> PartView:
    words = {
        "channels": tr("sound and pictures cannot tell these channels apart"),
        "partner": tr("it runs on a host of a licensed partner"),
        "at-once": tr("it carries this content at the same time"),
        "repeats": tr("the reference repeats itself: further delays that fit equally well"),
        "shared": tr("other references carry the same for a moment"),
        "runner-up": tr("score of the best other reference, and of the one that matched"),
    }
    newest: dict[str, Numbered[Verdict]] = {row.content.url.text: row for row in records.verdicts}
    rows = (
        (str(row.index), _cut(url), words[code], _cut(value))
        for url, row in newest.items()
        for code, value in dict.fromkeys(explanations(row.content))
    )
    return _table(
        tr("Other explanations that the verdicts leave open"),
        (tr("Record"), tr("Stream"), tr("What"), tr("Value")),
        rows,
    )


def _guard(records: SpeaksFor) -> PartView:
    return _table(
        tr("Judgements of the guard"),
        (tr("Record"), tr("Target"), tr("Decision"), tr("Rules, and the date of the fact")),
        (
            (
                str(row.index),
                _cut(row.content.target),
                say(term("decision", row.content.decision.value)),
                ", ".join(
                    f"{reason.code} ({reason.fact_date})" if reason.fact_date else reason.code
                    for reason in row.content.reasons
                ),
            )
            for row in records.guard
        ),
    )


def _overrides(records: SpeaksFor) -> PartView:
    return _table(
        tr("Overrides of the guard"),
        (tr("Record"), tr("Target"), tr("By"), tr("Why")),
        (
            (
                str(row.index),
                _cut(row.content.override.target),
                ", ".join(row.content.override.by),
                _cut(row.content.override.reason),
            )
            for row in records.overrides
        ),
    )


def _corrections(records: SpeaksFor) -> PartView:
    return _table(
        tr("Refusals, withdrawals, complaints and rulings"),
        (tr("Record"), tr("Time"), tr("Kind"), tr("By"), tr("Why")),
        (
            (
                str(row.index),
                second(row.at),
                kind_of(row.content),
                _cut(str(getattr(row.content, "by", "") or "-")),
                _why(row.content),
            )
            for row in records.corrections
        ),
    )


def _statements(records: SpeaksFor, accused: Accused) -> PartView:
    rows = []
    own_statements = [(str(row.index), row.content.statement) for row in records.statements]
    for record, statement in (
        *own_statements,
        *((RECEIVED, statement) for statement in accused.received),
    ):
        marks = [say(term("statement-kind", statement.kind.value))]
        if statement.details.get("corrects"):
            marks.append(
                tr("withdrawal") if statement.details.get("withdrawn") else tr("correction")
            )
        rows.append((record, statement.by, ", ".join(marks), _cut(statement.text)))
    return _table(
        tr("Statements of agencies"),
        (tr("Record"), tr("Agency"), tr("Kind"), tr("Text")),
        rows,
    )


def _gaps(records: SpeaksFor) -> PartView:
    late = [
        (
            str(row.index),
            second(row.content.at),
            tr("late by %(late_s)s", style, late_s=round(row.content.late_s)),
            tr("%(unseen)s of %(offered)s streams not looked at yet", style,
               unseen=row.content.unseen, offered=row.content.offered),
        )
        for row in records.late()
    ]  # fmt: skip
    other_gaps = [
        (str(row.index), second(row.at), kind_of(row.content), "") for row in records.gaps
    ]
    failures = [
        (str(row.index), second(row.at), _cut(row.content.what), _cut(row.content.where))
        for row in records.failures
    ]
    return _table(
        tr("What nobody looked at, and what failed"),
        (tr("Record"), tr("Time"), tr("What"), tr("Extent")),
        sorted((*late, *other_gaps, *failures), key=lambda row: int(row[0])),
    )


def _clocks(records: SpeaksFor) -> PartView:
    measured = [clock for clock in records.clocks if clock.seconds is not None]
    says = [
        tr(
            "Sealed exhibits whose clock's offset from UTC was measured: %(known)s; not measured: "
            "%(unknown)s.",
            style,
            known=len(measured),
            unknown=len(records.clocks) - len(measured),
        )
    ]
    if measured:
        widest = max(measured, key=_reach)
        says.append(
            tr(
                "The farthest that the clock may have been from UTC is %(reach)s s, by %(method)s.",
                style,
                reach=_reach(widest),
                method=widest.method,
            )
        )
    return PartView(title=tr("Clocks"), says=tuple(says) if records.clocks else ())


def _reach(clock: ClockOffset) -> float:
    return abs(clock.seconds or 0.0) + (clock.uncertainty_s or 0.0)


def _versions(records: SpeaksFor) -> PartView:
    recipes = sorted({row.content.recipe for row in records.verdicts if row.content.recipe})
    rows = [
        *((tr("version of Cautery that opened the case"), version)
          for version in sorted(records.versions)),
        (tr("version of Cautery that made this dossier"), __version__),
        *((tr("recipe of the fingerprints"), recipe) for recipe in recipes),
        *((tr("SHA-256 of %(table)s", table=name), _digest(package, name))
          for package, name in _TABLES),
        *((tr("fact of the guard: %(fact)s", fact=fact), day or tr("without a date"))
          for fact, day in records.facts()),
    ]  # fmt: skip
    return PartView(
        title=tr("Versions and tables"),
        says=(
            tr("The tables are those of the version that made this dossier. If another version "
               "opened the case, ask for the tables of that one."),
        ),
        columns=(tr("What"), tr("Value")),
        rows=tuple(rows),
    )  # fmt: skip


def _schedule(defence: Defence) -> PartView:
    counts = counts_of(defence.lines)
    totals = Counter[Item]()
    for line in counts:
        totals[line.item] += line.count
    says = (
        tr(
            "Records that are not in this bag: %(records)s; exhibits: %(exhibits)s; other files: "
            "%(files)s; statements of other agencies: %(statements)s. Each has a numbered line in "
            "data/%(file)s of this bag. The SHA-256 of this file is: %(digest)s",
            style,
            records=totals[Item.RECORD],
            exhibits=totals[Item.EXHIBIT],
            files=totals[Item.FILE],
            statements=totals[Item.STATEMENT],
            file=SCHEDULE,
            digest=hashlib.sha256(schedule_bytes(defence.lines)).hexdigest(),
        ),
        tr(
            "The code counts what is withheld; a reason never changes a count. VERIFY.md says how "
            "to count again. Whoever holds the case can open each record (cautery custody reveal)."
        ),
        tr(
            "The order of the schedule follows the schedule of unused material of England and "
            "Wales (CPIA 1996, form MG6C). [M]: the form was not read; the law of the court that "
            "hears the case decides what must be disclosed."
        ),
    )
    rows = tuple(
        (
            item_word(line.item),
            _what(line.item, line.what),
            reason_words(line.why.reason, line.why.agency, line.why.by, line.why.on),
            style(line.count),
        )
        for line in counts
    )
    columns = (tr("Item"), tr("Kind"), tr("Reason"), tr("Number"))
    return PartView(title=tr("Schedule of unused material"), says=says, columns=columns, rows=rows)


def _what(item: Item, what: str) -> str:
    return say(term("exhibit", what)) if item is Item.EXHIBIT else what


def item_word(item: Item) -> str:
    """Return what a line of the schedule is about, in the language in use."""
    return {
        Item.RECORD: tr("record"),
        Item.EXHIBIT: tr("exhibit"),
        Item.MISSING: tr("exhibit"),
        Item.FILE: tr("file"),
        Item.STATEMENT: tr("statement"),
    }[item]


def reason_words(reason: Reason, agency: str, by: str, on: str) -> str:
    """Return a reason in the language in use, with who decided."""
    words = {
        Reason.NOT_ABOUT: tr("names neither the person nor a host of his"),
        Reason.IN_PARTS: tr("made of the records, which are given or listed"),
        Reason.ANOTHER_PERSON: tr("data of another person"),
        Reason.OTHER_KEY: tr("sealed under another key"),
        Reason.NEVER_HELD: tr("the case did not hold it when it was closed"),
        Reason.HANDLING: tr("handling code"),
        Reason.PUBLIC_INTEREST: tr("public interest"),
    }[reason]
    whose = f" {agency}" if agency else ""
    if not by:
        return words + whose
    return tr("%(reason)s, decided by %(by)s on %(day)s", reason=words + whose, by=by, day=on)


def _why(content: object) -> str:
    why = getattr(content, "why", None) or getattr(content, "seen", None)
    if isinstance(why, Message):
        return _cut(say(why, style))
    reasons = getattr(content, "reasons", ())
    if not why and reasons:
        return ", ".join(str(getattr(reason, "code", reason)) for reason in reasons)
    target = getattr(content, "target", None)
    return _cut(str(why or target or "-"))


def _digest(package: str, name: str) -> str:
    return hashlib.sha256(files(package).joinpath(name).read_bytes()).hexdigest()


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else f"{text[: _MOST_TEXT - 1]}…"


def _table(title: str, columns: tuple[str, ...], rows: Iterable[Sequence[str]]) -> PartView:
    all_rows = [tuple(row) for row in rows]
    left_out = len(all_rows) - MOST_ROWS
    return PartView(
        title=title,
        columns=columns,
        rows=tuple(all_rows[:MOST_ROWS]),
        more=tr("Further rows, in the records alone: %(count)s", style, count=left_out)
        if left_out > 0
        else "",
    )
