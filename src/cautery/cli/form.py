"""``cautery form``: the papers of offices, checked and filled from a case."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.cli._verbs import Verbs
from cautery.drawing.formatting import counted
from cautery.errors import InputError
from cautery.messages import in_language
from cautery.model import to_json
from cautery.model.forms import Filled, Form, FormFormat, in_words_of
from cautery.wiring import dossiers, forms
from cautery.workflows.forms.answers import blank_answers
from cautery.workflows.forms.as_text import texts_of
from cautery.workflows.forms.catalogue import all_forms, form_named, forms_of
from cautery.workflows.forms.checking import fault_words
from cautery.workflows.forms.chosen import Reader
from cautery.workflows.forms.drafting import draft_line, unverified_line
from cautery.workflows.forms.paper import issuer_words

app = typer.Typer(
    cls=Verbs,
    no_args_is_help=True,
    help="List the papers of offices; check what a case lacks for one; write one, filled.",
)

_Id = Annotated[str, typer.Argument(metavar="ID", help="Id of the form: cautery form list.")]
_Case = Annotated[Path, typer.Argument(help="Folder of a case of a watch or of an operation.")]
_Referral = Annotated[
    str | None, typer.Option("--referral", help="Id of the referral that the paper is about.")
]
_Host = Annotated[
    list[str] | None,
    typer.Option("--host", help="A host that the paper is about; may be repeated. Default: all."),
]
_Person = Annotated[
    list[str] | None,
    typer.Option(
        "--person", help="Pseudonym of a person whom it names; may be repeated. Default: nobody."
    ),
]
_Instrument = Annotated[
    str | None,
    typer.Option("--instrument", help="Id of the drafted instrument that the paper is about."),
]
_To = Annotated[
    str | None, typer.Option("--to", help="Id of the agency at the table that gets the paper.")
]
_Who = Annotated[
    str | None, typer.Option("--who", help="Who is shown names and accounts, for the log.")
]
_Why = Annotated[
    str | None, typer.Option("--why", help="Why names and accounts are shown, for the log.")
]
_Answers = Annotated[
    Path | None,
    typer.Option("--answers", help="TOML file with what no case knows: cautery form answers."),
]
_Log = Annotated[
    Path | None,
    typer.Option("--log", help="For a court: the organisation's log, whose words on times count."),
]
_Cosigners = Annotated[
    Path | None,
    typer.Option("--cosigners", help="For a court: policy of co-signers that are trusted."),
]
_TsaRoots = Annotated[
    Path | None,
    typer.Option("--tsa-roots", help="For a court: certificates of trusted authorities, PEM."),
]
_Blind = Annotated[
    list[Path] | None,
    typer.Option("--blind", help="For a court: another case whose blind test counts, too."),
]
_Json = Annotated[bool, typer.Option("--json", help="JSON lines.")]


@app.command("list")
@render.tabular
def list_(
    country: Annotated[
        str | None, typer.Option("--country", help="Only forms of this country, such as IT.")
    ] = None,
    json: _Json = False,
) -> None:
    """List the forms: for which country and office, who issues each, and how it is written.

    A form is verified if its fields were compared with the public text of the office.

    Example: cautery form list --country IT
    """
    forms_found = all_forms() if country is None else forms_of(country)
    if json:
        for form in forms_found:
            render.json_line(_summary(form))
        return
    render.table(
        ("id", "country", "office", "title", "issued by", "regimes", "formats", "verified"),
        (
            (
                form.id,
                form.country,
                form.body,
                in_words_of(form.title, "en"),
                issuer_words(form),
                ", ".join(form.regimes),
                ", ".join(form.formats),
                "yes" if form.verified else "no",
            )
            for form in forms_found
        ),
    )


@app.command()
@render.tabular
def show(id: _Id, json: _Json = False) -> None:
    """Show what a form asks for, where that stands, and which fact of a case fills each field.

    Example: cautery form show it/piracy-shield
    """
    form = form_named(id)
    if json:
        render.json_line(to_json(form))
        return
    render.say(f"{in_words_of(form.title, 'en')}, {form.body} ({form.country})")
    render.say(f"for      {in_words_of(form.purpose, 'en')}")
    render.say(f"source   {form.source.text}, looked up on {form.source.read.isoformat()}")
    if form.source.url is not None:
        render.say(f"         {form.source.url}")
    render.say(f"verified {'yes' if form.verified else 'no: its fields were not compared'}")
    render.table(
        ("field", "what", "kind", "needed", "longest", "from"),
        (
            (
                field.name,
                in_words_of(field.label, "en"),
                field.kind.value,
                f"one of {field.one_of}"
                if field.one_of
                else ("mandatory" if field.mandatory else "optional"),
                field.longest,
                field.from_,
            )
            for field in form.fields
        ),
    )


@app.command()
def answers(
    id: _Id,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Write it to this file.")] = None,
    language: Annotated[str, typer.Option(help="Language of the labels: en, es, fr or it.")] = "en",
) -> None:
    """Write a blank file of answers: each field that no case knows, with its label.

    Example: cautery form answers it/piracy-shield -o answers.toml
    """
    with in_language(language):
        text = blank_answers(form_named(id))
    if out is None:
        typer.echo(text, nl=False)
        return
    if out.exists():  # it may be filled, and nobody has these words twice
        raise InputError(f"{out} exists already", hint="Name a new file.")
    wiring.write_secret(out, (text.encode(),))
    render.say(f"blank answers: {out}")


@app.command()
@render.tabular
def check(
    id: _Id,
    case: _Case,
    referral: _Referral = None,
    host: _Host = None,
    person: _Person = None,
    instrument: _Instrument = None,
    to: _To = None,
    who: _Who = None,
    why: _Why = None,
    answers: _Answers = None,
    log: _Log = None,
    cosigners: _Cosigners = None,
    tsa_roots: _TsaRoots = None,
    blind: _Blind = None,
    json: _Json = False,
) -> None:
    """Name every field that is missing or does not fit, before anybody is asked to sign.

    The exit code is 1 if there is one. With --json, each field is a line with its value and the
    records that it comes from. If names of persons or accounts are read for it, this is recorded in
    the case, with --who and --why.

    Example: cautery form check it/piracy-shield cases/md34 --referral R-0123456789ab
    """
    request = forms.FormRequest(
        form=id,
        case=case,
        referral=referral,
        hosts=tuple(host or ()),
        persons=tuple(person or ()),
        instrument=instrument,
        to=to,
        reader=_reader(who, why),
        answers=answers,
    )
    filled = forms.check(_for_court(request, log, cosigners, tsa_roots, blind))
    if json:
        faults = [(fault, fault_words(filled.form, fault)) for fault in filled.faults]
        for entry in filled.fields:
            render.json_line(
                {
                    "field": entry.field.name,
                    "value": to_json(entry.value),
                    "answered": entry.answered,
                    "records": list(entry.records),
                    "faults": [words for fault, words in faults if fault.field == entry.field.name],
                }
            )
    else:
        render.table(
            ("field", "value", "from"),
            (
                (
                    in_words_of(entry.field.label, "en"),
                    _clipped(list(texts_of(entry))),
                    "answers" if entry.answered else _records(entry.records),
                )
                for entry in filled.fields
            ),
        )
        for fault in filled.faults:
            render.say(fault_words(filled.form, fault))
        unverified = unverified_line(filled)
        if unverified is not None:
            render.say(unverified)
        _say_withheld(filled)
    if filled.unapproved:
        render.say(f"only a draft can be written yet: {filled.unapproved}")
    if not filled.is_complete:
        raise typer.Exit(1)
    render.say("complete")


@app.command()
def write(
    id: _Id,
    case: _Case,
    out: Annotated[Path, typer.Option("-o", "--out", help="File to write.")],
    referral: _Referral = None,
    host: _Host = None,
    person: _Person = None,
    instrument: _Instrument = None,
    to: _To = None,
    who: _Who = None,
    why: _Why = None,
    answers: _Answers = None,
    format: Annotated[
        FormFormat | None,
        typer.Option("--format", help="Default: by the ending of the file, or the form's usual."),
    ] = None,
    language: Annotated[str, typer.Option(help="Language of the labels: en, es, fr or it.")] = "en",
    draft: Annotated[
        bool,
        typer.Option(
            "--draft", help="Write it although it lacks fields or approvals, marked on each page."
        ),
    ] = False,
    log: _Log = None,
    cosigners: _Cosigners = None,
    tsa_roots: _TsaRoots = None,
    blind: _Blind = None,
) -> None:
    """Write a form, filled from a case and answers, to a file. Nothing is sent.

    A paper of a referral has the targets that two people approved and that still stand. Before they
    have approved it, only a draft can be written; of a referral that one refused, nothing.

    If names of persons or accounts are read for it, this is recorded in the case, with --who and
    --why.

    Example: cautery form write it/piracy-shield cases/md34 --answers answers.toml -o ticket.json
    """
    request = forms.FormRequest(
        form=id,
        case=case,
        referral=referral,
        hosts=tuple(host or ()),
        persons=tuple(person or ()),
        instrument=instrument,
        to=to,
        reader=_reader(who, why),
        answers=answers,
    )
    filled, form_format = forms.write(
        _for_court(request, log, cosigners, tsa_roots, blind),
        out,
        asked_format=format,
        language=language,
        draft=draft,
    )
    for fault in filled.faults:
        render.say(f"DRAFT: {fault_words(filled.form, fault)}")
    if filled.unapproved:
        render.say(f"DRAFT: {filled.unapproved}")
    unverified = unverified_line(filled)
    if unverified is not None:
        render.say(unverified)
    _say_withheld(filled)
    render.say(f"{filled.form.id} as {form_format.value}: {out}")


@app.command()
def each(
    id: _Id,
    case: _Case,
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to make; must not exist.")],
    referral: _Referral = None,
    answers: _Answers = None,
    format: Annotated[
        FormFormat | None, typer.Option("--format", help="Default: the form's usual one.")
    ] = None,
    language: Annotated[str, typer.Option(help="Language of the labels: en, es, fr or it.")] = "en",
    draft: Annotated[
        bool,
        typer.Option(
            "--draft", help="Write papers although they lack fields or approvals, marked as drafts."
        ),
    ] = False,
) -> None:
    """Write a paper for each target of a referral, where an office wants one for each site.

    All are written, or none. Nothing is sent.

    Example: cautery form each fr/arcom-referral cases/md34 --answers answers.toml -o papers
    """
    form = form_named(id)
    request = forms.FormRequest(form=id, case=case, referral=referral, answers=answers)
    form_format = format or form.formats[0]
    papers = forms.write_each(request, out, form_format=form_format, language=language, draft=draft)
    for path, filled in papers:
        lacking = f" ({draft_line(filled)})" if filled.is_draft else ""
        render.say(f"{path}{lacking}")


_MOST_ENTRIES = 5
"""Entries of a list that a table shows; --json has all."""


def _reader(who: str | None, why: str | None) -> Reader | None:
    """Return who is shown names and accounts; ``None``: nobody is."""
    if who is None and why is None:
        return None
    return Reader(who=who or "", why=why or "")


def _say_withheld(filled: Filled) -> None:
    """Tell whoever writes a paper, and no paper, that markings keep statements out of it."""
    if filled.withheld:
        render.say(
            f"withheld: {counted(filled.withheld, 'statement')} whose markings do not allow this "
            "paper; the paper does not say so"
        )


def _for_court(
    request: forms.FormRequest,
    log: Path | None,
    cosigners: Path | None,
    tsa_roots: Path | None,
    blind: list[Path] | None,
) -> forms.FormRequest:
    vouching = dossiers.vouching_of(log, None, None, cosigners=cosigners, tsa_roots=tsa_roots)
    return replace(request, vouching=vouching, blind=tuple(blind or ()))


def _summary(form: Form) -> dict[str, object]:
    return {
        "id": form.id,
        "country": form.country,
        "body": form.body,
        "title": dict(form.title),
        "issued_by": form.issued_by.value,
        "regimes": [regime.value for regime in form.regimes],
        "formats": [form_format.value for form_format in form.formats],
        "verified": form.verified,
        "source": to_json(form.source),
    }


def _clipped(texts: list[str]) -> str:
    last_line = [f"and {len(texts) - _MOST_ENTRIES} more"] if len(texts) > _MOST_ENTRIES else []
    return "\n".join((*texts[:_MOST_ENTRIES], *last_line))


def _records(records: tuple[int, ...]) -> str:
    if not records:
        return ""
    return f"record {records[0]}" + (f" and {len(records) - 1} more" if len(records) > 1 else "")
