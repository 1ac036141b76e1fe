"""The first records of a case, and what each watch says when it begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cautery import __version__
from cautery.identify.likelihood import published_error_rates
from cautery.model import Mandate, to_json
from cautery.model.ports import Ledger
from cautery.workflows.watch.journal import Journal
from cautery.workflows.watch.purchases import without_path


def begin_case(mandate: Mandate, *, ledger: Ledger, journal: Journal, key: str) -> None:
    """Write the first records of a case that has none: whose mandate it is, and our error rates.

    Parameters
    ----------
    key : str
        The case's verifier key.
    """
    if ledger.size():
        return
    journal.write(
        "case.opened",
        {
            "mandate": without_secrets(mandate, journal),
            "version": __version__,
            "lab": mandate.lab,
            "key": key,
        },
    )
    for rate in published_error_rates():
        journal.write("error.rate", rate)


def without_secrets(mandate: Mandate, journal: Journal) -> dict[str, Any]:
    """Return a mandate's JSON without lines, logins and paths of this machine."""
    body: dict[str, Any] = to_json(mandate)
    for source in (*body["sources"], *body["calendars"]):
        source["password"] = source["username"] = source["mac"] = None
        if not source["is_file"]:
            source["location"] = journal.redact(source["location"]).text
    body["purchases"] = [without_path(one) for one in body["purchases"]]
    for service in body["services"]:
        for name in ("ca", "client_cert", "client_key"):
            service[name] = service[name] and Path(service[name]).name
    for vantage in body["vantages"]:
        vantage["proxy"] = journal.redact(vantage["proxy"]).text
    return body
