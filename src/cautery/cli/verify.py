"""``cautery verify``: is this case whole, and whose is it?"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from cautery import wiring
from cautery.cli import render
from cautery.errors import EvidenceError, InputError
from cautery.model import to_json
from cautery.wiring import cases, custody, timing
from cautery.workflows.case.outside import WITHIN
from cautery.workflows.case.verify import BROKEN, verify_case
from cautery.workflows.dossier.opening import Opening
from cautery.workflows.dossier.verified import VerifiedBag
from cautery.workflows.mandate.signers import read_signers

CONSISTENT_EXIT = 3
"""Nothing is wrong, and nothing says whose case it is: neither a yes nor a no."""


def verify(
    case: Annotated[Path, typer.Argument(help="Folder of a closed case, or of a dossier.")],
    public_key: Annotated[
        Path | None,
        typer.Option(
            "--public-key", help="The signer's public key, obtained from outside the case."
        ),
    ] = None,
    signers: Annotated[
        Path | None,
        typer.Option("--signers", help="TOML file with [[signer]]: who may sign mandates."),
    ] = None,
    cosigners: Annotated[
        Path | None,
        typer.Option(
            "--cosigners", help="Policy (c2sp.org/tlog-policy): which co-signers, how many."
        ),
    ] = None,
    tsa_roots: Annotated[
        Path | None,
        typer.Option("--tsa-roots", help="Root certificates of time-stamping authorities, PEM."),
    ] = None,
    tsa_policy: Annotated[
        list[str] | None,
        typer.Option(
            "--tsa-policy", help="OID of a policy that time-stamps must have; repeatable."
        ),
    ] = None,
    trusted_list: Annotated[
        list[Path] | None,
        typer.Option(
            "--trusted-list",
            help="A country's EU trusted list (XML): which time-stamps are qualified; repeatable.",
        ),
    ] = None,
    trusted_list_signer: Annotated[
        Path | None,
        typer.Option(
            "--trusted-list-signer",
            help="PEM: certificates of which one has to have signed each --trusted-list.",
        ),
    ] = None,
    log: Annotated[
        Path | None,
        typer.Option("--log", help="Folder of the organisation's log, to compare all its leaves."),
    ] = None,
    within: Annotated[
        float,
        typer.Option(
            "--within", min=1, help="With --cosigners: most seconds from a record to its proof."
        ),
    ] = WITHIN.total_seconds(),
    bag_signer: Annotated[
        Path | None,
        typer.Option(
            "--bag-signer", help="Public key of a dossier's signer, obtained from outside it."
        ),
    ] = None,
    opening: Annotated[
        Path | None,
        typer.Option("--opening", help="Of a dossier: a withheld record that its sender opened."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON line.")] = False,
) -> None:
    """Re-check every file, record, signature and exhibit, and name the first fault.

    There are three verdicts. authentic (exit code 0): everything is as the given key signed it.
    consistent (exit code 3): everything agrees with the key inside the case, which does not prove
    who signed it; without --public-key this is the best verdict. broken (exit code 1): something
    differs from the state that was signed. The command also lists findings: facts that break no
    proof but that you should ask about, such as times in the wrong order. Without --signers, the
    command shows the signers as the mandate names them, and does not check them.

    With --cosigners, enough co-signers must have seen the closed case, and no time in it may
    contradict the times that they and the authorities saw. So a history that was forked, cut,
    rolled back or back-dated is broken, even if the case's own key signed it. Without --cosigners
    and --tsa-roots, each time is a claim of the machine's clock. The command calls a time-stamp
    qualified only if its authority had the status granted at that time in a --trusted-list that you
    give. It checks the signature of the list only against a --trusted-list-signer. With --log, the
    command compares every note of the case in the log. So even the owner of the log's key cannot
    cut the case unnoticed.

    For a dossier, the command first checks the bag, its signature and its time-stamp. It also
    checks that only time-stamps and their proofs follow the signature of the document. Then it
    checks the case in the bag as above. The dossier is authentic if you got the keys of
    --bag-signer and --public-key from outside the bag; in an extract, each record also needs its
    proof to the signed root.

    Example: cautery verify cases/md34 --public-key league.pub
    """
    allowed_signers = None if signers is None else read_signers(signers)
    trust = timing.trust(
        cosigners,
        tsa_roots,
        stamp_policies=tsa_policy or (),
        lists=trusted_list or (),
        list_signers=trusted_list_signer,
    )
    longest = timedelta(seconds=within)
    try:
        with timing.leaves_of(log) as leaves:
            bag = custody.verify(
                case,
                public_key=public_key,
                signer=bag_signer,
                signers=allowed_signers,
                trust=trust,
                within=longest,
                log=leaves,
            )
            if bag is not None:
                sentence = (
                    None
                    if opening is None
                    else custody.check_opened(case, opening, public_key=public_key)
                )
                _show_bag(bag, sentence, json=json)
                return
            if opening is not None:
                raise InputError("only a dossier withholds records", hint="Omit --opening.")
            if bag_signer is not None:
                raise InputError(f"{case}: not a dossier, so nobody signed it as a bag")
            verified = verify_case(
                case,
                store=cases.reading_store(),
                public_key=public_key,
                signers=allowed_signers,
                now=wiring.clock().now(),
                trust=trust,
                within=longest,
                log=leaves,
            )
    except EvidenceError as error:
        if json:
            render.json_line({"path": str(case), "verdict": BROKEN, "why": str(error)})
        raise
    if json:
        render.json_line(to_json(verified) | {"verdict": verified.verdict})
    else:
        for label, value in verified.summary():
            typer.echo(f"{label:<12} {render.printable(value)}")
    if not verified.authentic:
        raise typer.Exit(CONSISTENT_EXIT)


def _tied(opening: Opening) -> str:
    """Say what ties an opened record to its case."""
    if opening.path:
        return "is the one that was withheld, and stands in the signed ledger"
    return (
        "is the one that the signer of the bag committed to; nothing shows that it stands in the "
        "case"
    )


def _show_bag(bag: VerifiedBag, opening: Opening | None, *, json: bool) -> None:
    if json:
        opening_row = None if opening is None else to_json(opening)
        summary = {"authentic": bag.authentic, "verdict": bag.verdict, "opening": opening_row}
        render.json_line(to_json(bag) | summary)
    else:
        for label, value in bag.summary():
            typer.echo(f"{label:<12} {render.printable(value)}")
        if opening is not None:
            typer.echo(f"{'opened':<12} record {opening.record} {_tied(opening)}:")
            typer.echo(render.printable(opening.leaf))
    if not bag.authentic:
        raise typer.Exit(CONSISTENT_EXIT)
