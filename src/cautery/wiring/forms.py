"""Forms filled from cases: checked, and written to files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cautery import wiring
from cautery.adapters._files import PRIVATE_FOLDER
from cautery.adapters.case_still import still
from cautery.adapters.typst_pdf import compile_pdf
from cautery.errors import InputError
from cautery.messages import in_language
from cautery.model.forms import Filled, Form, FormFormat, fill
from cautery.wiring import desks
from cautery.wiring.blind import night_of
from cautery.wiring.cases import reading_signed, reading_store
from cautery.wiring.custody import note_opening
from cautery.wiring.dossiers import Vouching
from cautery.wiring.moving import as_folder
from cautery.workflows.case.open import Case
from cautery.workflows.dossier.as_verified import as_verified
from cautery.workflows.dossier.audiences import Audience
from cautery.workflows.dossier.document import document_view
from cautery.workflows.forms.answers import read_answers
from cautery.workflows.forms.catalogue import form_named
from cautery.workflows.forms.checking import facts_of
from cautery.workflows.forms.chosen import About, Reader
from cautery.workflows.forms.of_court import CourtCase
from cautery.workflows.forms.of_watch import hosts_of_papers
from cautery.workflows.forms.registering import register_form
from cautery.workflows.forms.writing import format_of, require_final, written_form

_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,200}")
"""The name of a file that is one on each system, and leads nowhere else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRequest:
    """What a person asks of a form.

    Parameters
    ----------
    form : str
        Its id.
    case : Path
        The case that fills it.
    referral : str or None
        Id of the referral that it is about.
    hosts : tuple of str
        Hosts that it is about; empty: all.
    persons : tuple of str
        Pseudonyms of the persons whom it names; empty: nobody.
    instrument : str or None
        Id of the drafted instrument that it is about.
    to : str or None
        Id of the agency that gets it.
    reader : Reader or None
        Who is shown names and accounts for it; ``None``: nobody.
    answers : Path or None
        The file of answers.
    vouching : Vouching
        For a paper to a court, by whose word times have a bracket.
    blind : tuple of Path
        For a paper to a court, cases whose blind tests count with those of this one.
    """

    form: str
    case: Path
    referral: str | None = None
    hosts: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()
    instrument: str | None = None
    to: str | None = None
    reader: Reader | None = None
    answers: Path | None = None
    vouching: Vouching = field(default_factory=Vouching)
    blind: tuple[Path, ...] = ()


def check(request: FormRequest) -> Filled:
    """Fill a form from a case, and write nothing.

    Raises
    ------
    CauteryError
        As the workflow says.
    """
    form = form_named(request.form)
    about = _about(request)
    with _opened(request) as case:
        facts = facts_of(case, form, about, verified=verified_case(request, about.at))
    return fill(form, facts, _answers(request, form))


def write(
    request: FormRequest, out: Path, *, asked_format: FormFormat | None, language: str, draft: bool
) -> tuple[Filled, FormFormat]:
    """Fill a form from a case and write it to a file for its owner's eyes.

    Parameters
    ----------
    asked_format : FormFormat or None
        The format; ``None``: by the ending of the file, or the form's usual one.
    draft : bool
        Write it, marked as a draft, although it lacks something or is not approved.

    Raises
    ------
    IncompleteError
        If it lacks something and is to be no draft.
    ApprovalError
        If two people have not approved its referral and it is to be no draft, or one refused it.
    InputError
        If it names a person, and nobody is named who writes it and why.
    CauteryError
        As the workflow says.
    """
    form = form_named(request.form)
    form_format = format_of(form, asked_format, out.suffix)
    wiring.check_output(out)
    answers = _answers(request, form)
    about = _about(request, leaves=True)
    with in_language(language), _opened(request) as case:
        facts = facts_of(case, form, about, verified=verified_case(request, about.at))
        filled = fill(form, facts, answers)
        if not draft:
            require_final(filled)
        of_case = facts.get("case.id") or facts["operation.id"]
        content = written_form(
            case,
            filled,
            form_format,
            name=str(of_case.value),
            lab=facts["case.lab"].value is True,
            at=about.at,
            compiled=compile_pdf,
            copied=lambda exhibit: note_opening(
                request.case,
                what=exhibit,
                digest=exhibit,
                by=None,
                why=f"form {form.id}",
                copied=True,
            ),
        )
        # Recorded before it is written: no paper names a person that the case does not know of.
        register_form(case, filled, about, content)
    wiring.write_secret(out, (content,))
    return filled, form_format


def write_each(
    request: FormRequest, folder: Path, *, form_format: FormFormat, language: str, draft: bool
) -> tuple[tuple[Path, Filled], ...]:
    """Write a paper for each target of a referral into a new folder, all of them or none.

    Raises
    ------
    IncompleteError
        If one lacks something and they are to be no drafts: then nothing is written.
    CauteryError
        As the workflow says.
    """
    form = form_named(request.form)
    wiring.check_output(folder / "paper")
    if folder.exists():
        raise InputError(f"{folder}: exists already", hint="Name a folder that is not there yet.")
    with reading_signed(request.case) as case:
        hosts = hosts_of_papers(case.ledger, form, _about(request))
    papers = {
        folder / f"{name}.{form_format.value}": replace(request, hosts=(host,))
        for name, host in _names_of(hosts).items()
    }
    if not draft:
        for paper in papers.values():
            require_final(check(paper))
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True)
    written = []
    for out, paper in papers.items():
        filled, _ = write(paper, out, asked_format=form_format, language=language, draft=draft)
        written.append((out, filled))
    return tuple(written)


def verified_case(request: FormRequest, at: datetime) -> Callable[[], CourtCase]:
    """Return what verifies the case, and returns what its dossier for a court would say.

    Raises, when it is called
    -------------------------
    EvidenceError
        If the case is not as it was signed.
    InputError
        If it is not closed.
    """

    def court_case() -> CourtCase:
        chain = reading_store().custody(request.case)
        nights = [night_of(other).night for other in request.blind]
        with (
            as_folder(request.case) as folder,
            as_verified(folder, store=reading_store(), still=still, now=at) as (verified, seen),
        ):
            view, _ = document_view(
                folder,
                None,
                audience=Audience.COURT,
                store=seen,
                at=at,
                trust=request.vouching.trust,
                custody=chain,
                blind=nights,
            )
        return CourtCase(view=view, chain=chain, root=verified.root, key=verified.signer)

    return court_case


def _names_of(hosts: Iterable[str]) -> Mapping[str, str]:
    """Return the name of the file of each host's paper: the host's letters, or a number."""
    names: dict[str, str] = {}
    for number, host in enumerate(hosts, 1):
        spelt = host.replace(":", "-")
        # A target is what others wrote. Whatever it is, its paper lies in the folder.
        is_plain = _PLAIN.fullmatch(spelt) is not None and spelt not in names
        names[spelt if is_plain else f"target-{number}"] = host
    return names


def _about(request: FormRequest, *, leaves: bool = False) -> About:
    return About(
        at=wiring.clock().now(),
        referral=request.referral,
        hosts=request.hosts,
        persons=request.persons,
        instrument=request.instrument,
        to=request.to,
        reader=request.reader,
        leaves=leaves,
    )


@contextmanager
def _opened(request: FormRequest) -> Iterator[Case]:
    """Open a case for a paper: to read it, or also to log who is shown names and accounts."""
    if request.reader is None:
        with reading_signed(request.case) as case:
            yield case
        return
    with desks.desk(request.case) as desk:
        yield desk.case


def _answers(request: FormRequest, form: Form) -> Mapping[str, Any]:
    return {} if request.answers is None else read_answers(request.answers, form)
