"""Sources and test purchases of a mandate file: the access to each source and its interval."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cautery.errors import InputError, MandateError
from cautery.model import (
    Access,
    Location,
    OwnLocation,
    Purchase,
    Regime,
    Secret,
    Source,
    carries_line,
    revealed,
)
from cautery.workflows.mandate.checks import Checks, some
from cautery.workflows.mandate.file import SOURCE_KINDS, MandateFile, PurchaseTable, SourceTable
from cautery.workflows.mandate.purchased_line import PurchasedLine, read_line

SEIZED_KINDS = ("panel_dump", "panel_sql", "access_log", "netflow")
"""Seized material: what only a competent authority may read."""


class SourceChecks(Checks):
    """Reads what a mandate says of sources, and of the purchases that give access to them."""

    def purchases(self, file: MandateFile) -> tuple[Purchase, ...]:
        """Return the test purchases; each was authorised by somebody."""
        return tuple(
            self._purchase(row, ("purchase", at), file.mandate.regime)
            for at, row in enumerate(file.purchase)
        )

    def sources(self, file: MandateFile) -> tuple[Source, ...]:
        """Return the sources, with the lines of the purchases that they name."""
        vantages = {row.name for row in file.vantage}
        purchases = {row.id: (at, row) for at, row in enumerate(file.purchase)}
        sources = []
        for at, row in enumerate(file.source):
            table = ("source", at)
            completed = row
            if row.purchase is not None:
                self._check_lone(row, table)
                completed = (
                    self._with_line(row, *purchases[row.purchase])
                    if row.purchase in purchases
                    else self._from_case(row, table, purchases)
                )
            sources.append(self._source(completed, table, file.mandate.regime, vantages))
        return tuple(sources)

    def _purchase(self, row: PurchaseTable, table: tuple[str, int], regime: Regime) -> Purchase:
        if regime is Regime.LED and row.authorisation is None:
            raise self.wrong(
                table,
                "an authority's test purchase needs a decision that allows it",
                'Add authorisation = "..." with the reference of the decision.',
            )
        receipt = None
        if row.receipt is not None:
            receipt = OwnLocation(self.file(row.receipt, (*table, "receipt")))
        return Purchase(
            **row.model_dump(exclude={"line", "receipt", "bought_at"}),
            bought_at=self.utc(row.bought_at, (*table, "bought_at")),
            receipt=receipt,
        )

    def _from_case(
        self, row: SourceTable, table: tuple[str, int], purchase_ids: Iterable[str]
    ) -> SourceTable:
        """Return the source as one whose purchase ``cautery purchase`` records in the case."""
        if not row.purchase_in_case:
            raise self.wrong(
                (*table, "purchase"),
                f"no [[purchase]] has the id {str(row.purchase)[:200]!r}",
                f"Known purchases: {some(purchase_ids)}. For a purchase that `cautery purchase` "
                "records in the case, add purchase_in_case = true.",
            )
        return row.model_copy(
            update={"access": Access.TEST_PURCHASE, "receipt": f"purchase {row.purchase}"}
        )

    def _check_lone(self, row: SourceTable, table: tuple[str, int]) -> None:
        if row.username is not None or row.password is not None or row.mac or row.receipt:
            raise self.wrong(
                (*table, "purchase"),
                "a source with a [[purchase]] may not have a line or receipt of its own",
                "Remove username, password, mac and receipt; the [[purchase]] has them.",
            )

    def _with_line(self, row: SourceTable, at: int, purchase: PurchaseTable) -> SourceTable:
        """Return the source as one that is read with the line that was bought."""
        line = PurchasedLine()
        if purchase.line is not None:
            line = self._line(purchase.line, ("purchase", at, "line"))
        return row.model_copy(
            update={
                "access": Access.TEST_PURCHASE,
                "receipt": f"purchase {purchase.id}",
                "username": revealed(line.username),
                "password": revealed(line.password),
                "mac": revealed(line.mac),
            }
        )

    def _line(self, path: str, where: tuple[str, int, str]) -> PurchasedLine:
        """Read a line's credentials from a file that nobody else can read."""
        try:
            return read_line(Path(self.file(path, where)))[0]
        except InputError as error:
            if isinstance(error, MandateError):
                raise
            raise self.wrong(where, str(error), error.hint) from None

    def _source(
        self, row: SourceTable, table: tuple[str, int], regime: Regime, vantages: set[str]
    ) -> Source:
        if (row.url is None) == (row.path is None):
            raise self.wrong(
                table, "a source needs either url or path", "Give exactly one of the two."
            )
        seized = row.access is Access.SEIZED or row.kind in SEIZED_KINDS
        if seized and regime is not Regime.LED:
            raise self.wrong(
                (*table, "access" if row.access is Access.SEIZED else "kind"),
                f"seized material needs regime 'led', but this mandate has {regime.value!r}",
                "Leave the material to the competent authority, or work under that authority's "
                "mandate.",
            )
        if row.kind not in SOURCE_KINDS:
            raise self.wrong(
                (*table, "kind"),
                f"unknown reader {row.kind[:200]!r}",
                f"Readers: {', '.join(SOURCE_KINDS)}.",
            )
        if row.path is not None and row.kind != "m3u":
            raise self.wrong(
                (*table, "path"),
                f"a source of kind {row.kind!r} is read from a url, not from a file",
                'Give url = "http..." instead; only an m3u has a path.',
            )
        self._check_access(row, table)
        self._check_rhythm(row, table)
        for nth, name in enumerate(row.vantages):
            if name not in vantages or row.path is not None:
                raise self.wrong(
                    (*table, "vantages", nth),
                    f"unknown [[vantage]] {name[:200]!r}"
                    if name not in vantages
                    else "a file cannot be read from a vantage: it is the same from everywhere",
                    f"Known vantages: {some(vantages)}.",
                )
        location = row.url if row.path is None else self.file(row.path, (*table, "path"))
        assert location is not None
        return Source(
            location=Location(location),
            kind=row.kind,
            access=row.access,
            is_file=row.path is not None,
            revisit_s=row.revisit_s,
            least_s=row.revisit_least_s,
            most_s=row.revisit_most_s,
            vantages=tuple(row.vantages),
            purchase=row.purchase,
            receipt=row.receipt,
            username=_secret(row.username),
            password=_secret(row.password),
            mac=_secret(row.mac),
        )

    def _check_rhythm(self, row: SourceTable, table: tuple[str, int]) -> None:
        bounds = (row.revisit_least_s, row.revisit_most_s)
        if row.revisit_s is not None and bounds != (None, None):
            raise self.wrong(
                (*table, "revisit_s"),
                "revisit_s sets a fixed interval, so revisit_least_s and revisit_most_s have no "
                "effect",
                "Keep revisit_s, or revisit_least_s and revisit_most_s.",
            )
        if None not in bounds and bounds[0] > bounds[1]:  # type: ignore[operator]
            raise self.wrong(
                (*table, "revisit_least_s"),
                "is greater than revisit_most_s",
                "Give the smaller value first.",
            )

    def _check_access(self, row: SourceTable, table: tuple[str, int]) -> None:
        """Refuse any line but that of a recorded test purchase."""
        if row.access is Access.TEST_PURCHASE and not row.receipt:
            raise self.wrong(
                table,
                "a test purchase must be recorded with its receipt",
                'Add receipt = "...", or access = "public".',
            )
        if row.purchase_in_case and row.purchase is None:
            raise self.wrong(
                (*table, "purchase_in_case"),
                "the purchase is not named",
                'Add purchase = "..." with the id that you give to `cautery purchase`.',
            )
        if (row.username is None) != (row.password is None):
            has, lacks = ("username", "password")[:: 1 if row.username is not None else -1]
            raise self.wrong(
                (*table, has), f"{has} without {lacks}", f"Add {lacks}, or remove {has}."
            )
        has_line = row.purchase_in_case or {"xtream": row.username, "stalker": row.mac}.get(
            row.kind, "public"
        )
        if not has_line:
            credentials = "username and password" if row.kind == "xtream" else "mac"
            noun = "panel" if row.kind == "xtream" else "portal"
            raise self.wrong(
                table,
                f"a {noun} must be read with the line of a recorded test purchase",
                f'Add access = "test-purchase", receipt, {credentials}; or add purchase = '
                '"..." if that purchase has the line.',
            )
        if row.access is not Access.PUBLIC:
            return
        if row.username is not None or row.mac is not None:
            raise self.wrong(
                table,
                "a public source needs no credentials",
                'Set access = "test-purchase" and give its receipt; another person\'s line is '
                "never used.",
            )
        if row.url is not None and carries_line(row.url):
            raise self.wrong(
                (*table, "url"),
                "a public source has a URL with the credentials of a line",
                'Set access = "test-purchase" and name the [[purchase]] of that line; another '
                "person's line is never used.",
            )


def _secret(text: str | None) -> Secret | None:
    return None if text is None else Secret(text)
