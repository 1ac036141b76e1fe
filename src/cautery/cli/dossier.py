"""``cautery dossier``: what an expert, a hoster or a provider is handed of a case."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cautery.cli import render
from cautery.cli.decoy_left_out import end_if_left_out, show_left_out
from cautery.drawing.formatting import counted
from cautery.model import to_json
from cautery.wiring import dossiers
from cautery.wiring.blind import nights_of
from cautery.workflows.dossier.audiences import Audience
from cautery.workflows.dossier.build import Dossier

_MOST_OTHERS = 20


def dossier(
    case: Annotated[Path, typer.Argument(help="Folder of a closed case.")],
    audience: Annotated[
        Audience, typer.Option("--for", help="Kind of receiver; it decides the content.")
    ],
    by: Annotated[str, typer.Option(help="Who hands it over.")],
    key: Annotated[Path, typer.Option(help="That person's signing key (PEM, mode 0600).")],
    why: Annotated[str, typer.Option(help="Why, in one line.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for the bag; must not exist.")],
    to: Annotated[
        str, typer.Option(help="Who receives it; without --to the dossier counts as a copy.")
    ] = "",
    host: Annotated[
        list[str] | None,
        typer.Option(
            help="Only records about this host; may be repeated. A hoster needs one; * means all. "
            "For the defence: a host that is held against the accused."
        ),
    ] = None,
    person: Annotated[
        str,
        typer.Option(
            help="For the defence: the accused's pseudonym; the hosts are those that the operation "
            "attributes to him."
        ),
    ] = "",
    operation: Annotated[
        Path | None,
        typer.Option(
            help="For the defence, with --person: the case of the operation that has the person; "
            "default: CASE itself."
        ),
    ] = None,
    withhold: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND=REASON",
            help="For the defence: hold back the records of a kind. REASON is another-person, "
            "H1:AGENCY (or H2, H3), or public-interest:NAME:YYYY-MM-DD. The schedule counts them.",
        ),
    ] = None,
    language: Annotated[
        str, typer.Option(help="Language of the document and of VERIFY.md: en, es, fr or it.")
    ] = "en",
    sign: Annotated[
        Path | None,
        typer.Option(help="Key and certificate (PKCS#12, mode 0600) that sign the document."),
    ] = None,
    sign_token: Annotated[
        tuple[Path, str, str] | None,
        typer.Option(
            help="Instead of --sign: PKCS#11 library, label of the token, label of the certificate."
        ),
    ] = None,
    sign_password: Annotated[
        Path | None,
        typer.Option(help="File with the password, or the token's PIN, mode 0600."),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the organisation's log: whom it names is trusted for times, and asked "
            "to stamp the bag."
        ),
    ] = None,
    cosigners: Annotated[
        Path | None,
        typer.Option(
            help="Policy (c2sp.org/tlog-policy): which co-signers are trusted for times, in the "
            "place of the log's."
        ),
    ] = None,
    tsa_roots: Annotated[
        Path | None,
        typer.Option(
            help="Root certificates of authorities that are trusted for times, PEM; none of them "
            "is asked for anything."
        ),
    ] = None,
    authority: Annotated[
        str | None,
        typer.Option(
            help="https URL of a time-stamp authority (RFC 3161): stamps the bag, and the "
            "document (B-LTA). If it does not answer, there is no dossier."
        ),
    ] = None,
    authority_root: Annotated[
        Path | None, typer.Option(help="Certificates of that authority, PEM.")
    ] = None,
    clips: Annotated[
        int,
        typer.Option(min=0, max=200, help="For a court: most streams that get a clip."),
    ] = 3,
    open_kinds: Annotated[
        list[str] | None,
        typer.Option(
            "--open",
            metavar="KIND",
            help="For a court: also hand over opened copies of encrypted exhibits of this kind, "
            "such as playlist; may be repeated; * means all. They can hold personal data.",
        ),
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(help="For --open: key folder outside the case; default $CAUTERY_KEYS."),
    ] = None,
    blind: Annotated[
        list[Path] | None,
        typer.Option(
            help="Another case whose blind test (cautery decoy) counts with this one's among the "
            "error rates; may be repeated. It counts only if it is closed, as it was signed, and "
            "of the same organisation."
        ),
    ] = None,
    blind_key: Annotated[
        list[Path] | None,
        typer.Option(
            "--blind-key",
            help="Public key of a case of --blind, obtained from outside it; may be repeated. "
            "With it, a case that none of these keys signed does not count.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Hand over a closed case: a bag that its receiver checks without Cautery.

    The bag (BagIt) holds a document for readers (PDF/A), VERIFY.md, whose commands are those of
    common tools, and rerun.py, which computes every likelihood ratio again from the sealed media.
    A court is given the whole case; exhibits that are encrypted with the case's keys stay so, and
    --open adds opened copies. The others are given an extract: the records that concern them, byte
    for byte; all else is counted and committed to, and the salts that open it lie in
    OUT.openings.json beside the bag; cautery custody reveal opens a record. The chain of custody,
    CASE.custody.jsonl, says who was given it and why. For the defence of an accused, --host or
    --person says whom it is about: the bag holds all records about him and all that speaks for him,
    and data/schedule.csv lists everything else, each with the reason why it is not in the bag.
    With --sign or --sign-token the document is
    signed (PAdES); without, the bag's signature covers it. With --log, or with --cosigners and
    --tsa-roots, the document says between which times each record was made. With --log or
    --authority the tag manifest is time-stamped; if nobody whom --log names answers, the dossier is
    made without, and the command says so.

    Example: cautery dossier cases/md34 --for court --by "A. Legal" --key a.pem --to "Court of Roma"
    --why "case 12/2026" -o md34-court
    """
    vouching = dossiers.vouching_of(
        log, authority, authority_root, cosigners=cosigners, tsa_roots=tsa_roots
    )
    other_nights = nights_of(blind or (), own_case=case, public_keys=blind_key or ())
    summary, signed = dossiers.make(
        case,
        out,
        audience=audience,
        hosts=host or (),
        person=person,
        operation=operation,
        withhold=withhold or (),
        by=by,
        key=key,
        to=to,
        why=why,
        language=language,
        clips=clips,
        open_kinds=open_kinds or (),
        keys=keys,
        certificate=dossiers.certificate_of(
            sign, sign_token, sign_password, authority, authority_root
        ),
        vouching=vouching,
        blind=[one.night for one in other_nights.counted],
    )
    if json:
        about = None if signed is None else {"kind": signed.kind, "level": signed.level}
        left_out = {"blind_left_out": to_json(other_nights.left_out)} if blind else {}
        counts = {"openings": len(summary.openings), "document": about, **left_out}
        render.json_line({**to_json(summary), **counts})
        end_if_left_out(other_nights)
        return
    render.say(f"{summary.records} records and {summary.exhibits} exhibits: {out}")
    if audience is Audience.DEFENCE:
        _show_unused(summary)
    else:
        for kind, count in summary.withheld.items():
            render.say(f"withheld: {count} of {kind}")
    if summary.exhibits_withheld and not summary.unused:
        render.say(f"withheld: {summary.exhibits_withheld} exhibits")
    for name, count in list(summary.other_hosts.items())[:_MOST_OTHERS]:
        render.say(
            render.printable(
                f"withheld: {count} records about these hosts that name {name}, too; if its hoster "
                f"may be named: --host {name}"
            )
        )
    if len(summary.other_hosts) > _MOST_OTHERS:
        render.say(f"and because of {len(summary.other_hosts) - _MOST_OTHERS} further hosts")
    if mentioning := summary.mentioning:
        numbers = ", ".join(map(str, mentioning[:_MOST_OTHERS]))
        further = f" and {len(mentioning) - _MOST_OTHERS} more" * (len(mentioning) > _MOST_OTHERS)
        render.say(
            f"withheld: {counted(len(mentioning), 'record')} about somebody else for a mention of "
            f"a decoy (number {numbers}{further}), since no record is shown in part"
        )
    if summary.opened:
        render.say(
            f"opened: {summary.opened} encrypted exhibits; data/opened has them in the clear"
        )
    if summary.lost:
        render.say(f"not opened: {summary.lost} exhibits, since their keys were destroyed")
    if signed is None:
        render.say("document: not signed; the signature of the bag covers it")
    else:
        render.say(f"document: {signed.kind} of {signed.subject}, PAdES {signed.level}")
        render.say(_standing(signed.kind, qualified=signed.calls_itself_qualified))
        if signed.level == "B-B":
            render.say("no time-stamp authority was named, so its time is this machine's clock")
    stamped = "time-stamped" if summary.stamped else "not time-stamped: its time is by this clock"
    render.say(f"tag manifest {summary.digest}, signed by {by}, {stamped}")
    if summary.not_stamped:
        render.say(render.printable(f"warning: the bag is not time-stamped: {summary.not_stamped}"))
    if dossiers.has_unjudged_proofs(case, vouching):
        render.say(
            "warning: the case has proofs of its times, but nobody is named whom to trust, so the "
            "document judges none: give --log, or --cosigners and --tsa-roots"
        )
    show_left_out(other_nights)
    end_if_left_out(other_nights)


def _show_unused(summary: Dossier) -> None:
    """Show what is not in a dossier for the defence, by kind and reason."""
    for line in summary.unused:
        decided = f", decided by {line.why.by} on {line.why.on}" if line.why.by else ""
        agency = f" {line.why.agency}" if line.why.agency else ""
        render.say(
            render.printable(
                f"not in it: {line.count} {line.item.value} {line.what} "
                f"({line.why.reason.value}{agency}{decided})"
            )
        )


def _standing(kind: str, *, qualified: bool) -> str:
    if qualified:
        return (
            f"its certificate calls itself qualified for a {kind}; only an EU trusted list says "
            "whether it is, and none was consulted"
        )
    return f"its certificate does not call itself qualified: at most an advanced {kind}"
