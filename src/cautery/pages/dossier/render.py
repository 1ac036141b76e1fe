"""A dossier's document as a source for Typst; ``adapters.typst_pdf`` makes the PDF."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import files

from cautery.drawing.escaping import cleaned, typst_literal
from cautery.messages import language, tr
from cautery.pages.dossier.view import DossierView

LONGEST = 2_000
"""Characters of any one text of the document."""
_NOT_SET = frozenset(("files", "lines"))
"""Members of the view that are files beside the document, or stand in one."""


def dossier_typst(view: DossierView, attached: tuple[str, ...]) -> str:
    """Return the document's source.

    All outside text stands in one string literal of JSON, which the template reads as values:
    Typst never parses it as markup.

    Parameters
    ----------
    attached : tuple of str
        Names of files beside the source that are attached to the PDF.
    """
    template = files("cautery.pages.dossier").joinpath("dossier.typ").read_text("utf-8")
    values = {name: value for name, value in asdict(view).items() if name not in _NOT_SET}
    values |= {"language": language().partition("-")[0], "attached": attached}
    return "".join(
        (
            f"#let view = json(bytes({typst_literal(json.dumps(cleaned(values, LONGEST)))}))\n",
            f"#let texts = json(bytes({typst_literal(json.dumps(document_texts()))}))\n",
            template,
        )
    )


def document_texts() -> dict[str, str]:
    """Return the fixed words of the document, by name, in the language in use."""
    return {
        "title": tr("Dossier"),
        "lab": tr("LAB: an invented world. Nothing in it is real."),
        "for": tr("for"),
        "asked": tr("asked for by"),
        "basis": tr("legal basis"),
        "signed": tr("the mandate is"),
        "made": tr("made"),
        "case": tr("case"),
        "short": tr("The claims in short"),
        "stream": tr("Stream"),
        "page": tr("Page"),
        "claims": tr("What is claimed"),
        "no-claims": tr("This document claims nothing of any stream."),
        "left-out": tr("Further proven streams stand in the records alone; their number:"),
        "rates": tr("How often such a claim errs"),
        "no-rates": tr("No error rate was measured for the senses that this claim rests on."),
        "support": tr("Support"),
        "ratio": tr("Likelihood ratio"),
        "others": tr("What else could explain it"),
        "seen": tr("The same instant"),
        "curve": tr("Alignment"),
        "reasons": tr("What the probes found"),
        "network": tr("Network"),
        "host": tr("Host"),
        "addresses": tr("Addresses"),
        "autonomous-system": tr("Network of the first (AS)"),
        "record": tr("Record"),
        "hosts-source": tr(
            "The addresses of a host are the answers of DNS. Its network is that of the first "
            "address, with its country, by the tables in the facts folder of the watch. The record "
            "named, “asset.facts” in the ledger, says so."
        ),
        "times": tr("Times (UTC)"),
        "not-before": tr("not before, as others vouch"),
        "not-after": tr("not after, as others vouch"),
        "claimed": tr("by this machine's clock"),
        "nobody": tr("nobody vouches"),
        "unjudged": tr("not judged"),
        "exhibits": tr("Exhibits"),
        "exhibits-where": tr(
            "Each exhibit of a claim has a line in exhibits.csv with its SHA-256, under the number "
            "of the claim; the line says whether it is encrypted, and whether this bag holds it."
        ),
        "exhibits-file": tr(
            "The file data/exhibits.csv of this bag, which is attached to this document, lists the "
            "exhibits of each claim. Its SHA-256 is:"
        ),
        "limits": tr("What is not known"),
        "decoys": tr("Decoys: streams of our own"),
        "custody": tr("Chain of custody"),
        "method": tr("Method"),
        "all-rates": tr("All measured error rates"),
        "blind": tr("Measured blind, on this organisation's own feeds"),
        "blind-why": tr(
            "Somebody who decides nothing in the case planted the organisation's own streams, and "
            "harmless look-alikes, among those that the watch met. The watch and the approvers did "
            "not know which; what each was had been sealed before. Only whole nights count, and "
            "each trial ended when its decoy was revealed. Each night is named with its "
            "closed case and the SHA-256 of the manifest that the case's key signed."
        ),
        "withheld": tr("What is withheld"),
        "withheld-why": tr(
            "These records do not concern the reader. Each is committed to by the SHA-256 of a "
            "salt and the record, and can be opened later."
        ),
        "encrypted": tr("Encrypted exhibits"),
        "encrypted-why": tr(
            "They are encrypted with the case's keys, because they can hold personal data or "
            "secrets such as passwords. The SHA-256 of each and the time of its sealing hold "
            "without a key. The organisation that ran the watch holds the keys and can open each "
            "exhibit, unless its key was destroyed; VERIFY.md says how to ask for it."
        ),
        "attached": tr("Attached to this file"),
        "scale": tr(
            "The words follow the scale of the ENFSI guideline for evaluative reporting (2015). A "
            "likelihood ratio is not the probability that the claim is true: that also depends on "
            "everything else that is known."
        ),
        "bytes": tr(
            "A bracket holds for a record. Bytes have a “not after” only: when they were captured "
            "is a claim of this machine's clock."
        ),
    }


def method(*, computed_again: bool) -> tuple[str, ...]:
    """Return how the findings were made, in a few sentences.

    Parameters
    ----------
    computed_again : bool
        Whether the bag has what computes the likelihood ratios again: the program and the media.
    """
    sentences = (
        tr(
            "The watch fetched media of each stream as any player does, and sealed every answer "
            "before it looked at it. Sound was compared by bit-error codes, pictures by what moves "
            "when."
        ),
        tr(
            "A claim needs two probes that agree on the reference and the delay, enough matched "
            "media, and at least strong support. Sound and pictures add up, each with its best "
            "probe; further probes add once."
        ),
        tr(
            "No likelihood ratio is larger than the measured trials can support: with no error "
            "among N, none passes N/3. Sound and pictures together do not pass the better one of "
            "their trials; only verdicts of earlier versions, without most_log10_lr, do."
        ),
    )
    if not computed_again:
        return sentences
    repeatable = tr(
        "The program rerun.py in this bag computes every likelihood ratio again from the sealed "
        "media, without Cautery."
    )
    return (*sentences, repeatable)
