"""Where the money goes: test purchases, tills, wallets of those above, exchanges.

Flows of customers are batches from exchanges and providers: sums, never persons.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np

from cautery.lab.operations.audience import Audience
from cautery.lab.operations.chance import chance, token
from cautery.lab.operations.network import Supply
from cautery.lab.operations.purses import MICRO, SATOSHI, Cold, MoneyFlows, Purses
from cautery.lab.operations.shapes import MONTHS, Shape
from cautery.lab.operations.spec import Biases, Purchase, amount
from cautery.model import AddressTag, Agency, AgencyRole, Money, PurchaseCount, Transfer

RATES = {"GBP": 1.18, "SEK": 0.087, "CHF": 1.05, "BGN": 0.5113, "RON": 0.201, "USD": 0.92}
"""EUR for one unit, about the mean of 2024 [M]; the lev stands fixed at 1.95583 to the euro."""

COIN_EUR = {"BTC": 60_000.0, "USDT": 0.92, "ETH": 2_800.0}
"""EUR for one coin, about the mean of 2024 [M]: one rate a coin keeps sums readable."""

PURCHASES = 80
"""Recorded test purchases of an operation; judgement."""


def draw_money(
    shape: Shape,
    net: Supply,
    *,
    operator: dict[str, str],
    audience: Audience,
    biases: Biases,
    agencies: Sequence[Agency],
    crypto_eur: float,
    seed: int,
) -> MoneyFlows:
    """Draw coin and bank flows of the months before the day, and the test purchases.

    Parameters
    ----------
    crypto_eur : float
        What the wallets that are found on the day hold together, in EUR.
    """
    maker = _Maker(shape, net, operator, seed)
    maker.services()
    maker.shops(agencies, biases, audience)
    share = biases.channel_mix["crypto"]
    trunks = net.of_type("super-reseller")
    weight = maker.rng.dirichlet(np.full(len(trunks), 2.0))
    last = [month for month in MONTHS if month <= shape.moment.date()]
    for n, month in enumerate(last):
        coins = float(audience.revenue_eur[n].sum()) * share
        for trunk, part in zip(trunks, weight.tolist(), strict=True):
            maker.month(trunk, month, coins * part)
        maker.chest(month, crypto_eur / len(last), final=n == len(last) - 1, total=crypto_eur)
    maker.flows.transfers.sort(key=lambda transfer: (transfer.at, transfer.id))
    maker.flows.purchases.sort(key=lambda purchase: (purchase.at, purchase.id))
    return maker.flows


class _Maker(Purses):
    """Draws who pays whom: services, shops, months of tills and sweeps, the chest."""

    def __init__(self, shape: Shape, net: Supply, operator: dict[str, str], seed: int) -> None:
        super().__init__(seed)
        self.shape, self.net = shape, net
        self.operator = operator
        self.rng = chance(seed, "money")
        self.boss = operator.get(net.of_type("origin")[0], "ringleader")
        self.banker = operator.get(net.of_type("payment")[0], self.boss)
        self.held: dict[str, int] = {}

    def services(self) -> None:
        """Exchanges, a mixer and a gift-card shop, tagged by a tag pack of the lab's own."""
        for name, category in (
            ("Exchange Belivor", "exchange"),
            ("Exchange Tomarix", "exchange"),
            ("Gift cards Dorilan", "merchant_services"),
        ):
            for asset in ("BTC", "USDT-TRX", "ETH"):
                place = self._address(asset, f"service:{name}", "hot")
                self.flows.tags.append(
                    AddressTag(
                        address=place,
                        label=f"{name} (lab)",
                        category=category,
                        source="tag pack of the lab",
                        asset=asset,
                    )
                )
        self.hot = {
            asset: [tag.address for tag in self.flows.tags if tag.asset == asset]
            for asset in ("BTC", "USDT-TRX")
        }
        self.deposit = "account:" + token(self.seed, "exchange", "bank", length=16)
        self.flows.owner[self.deposit] = "service:Exchange Belivor"
        self.flows.tags.append(
            AddressTag(
                address=self.deposit,
                label="Exchange Belivor (lab), bank account",
                category="exchange",
                source="tag pack of the lab",
                asset="EUR",
            )
        )
        self.mule = "account:" + token(self.seed, "mule", length=16)
        self.flows.owner[self.mule] = self.banker

    def _account(self, payment: str) -> str:
        account = "account:" + token(self.seed, "merchant", payment, length=16)
        self.flows.owner[account] = self.operator.get(payment, payment)
        return account

    def shops(self, agencies: Sequence[Agency], biases: Biases, audience: Audience) -> None:
        """Buy at storefronts on record: card, wallet service, bank and coin."""
        buyers = [
            agency
            for agency in agencies
            if agency.role in {AgencyRole.LEAD, AgencyRole.PARTICIPANT}
        ]
        fronts, pays = self.net.of_type("storefront"), self.net.of_type("payment")
        low = datetime(2023, 3, 1, 10, 0, tzinfo=UTC)
        span = (self.shape.moment - timedelta(days=40) - low).days
        channels = list(biases.channel_mix)  # each way to pay is tried equally often
        listed = float(audience.drawn["NETWORK_ARPU"]) / biases.by_name["REALISED"]
        for n in range(PURCHASES):
            front = fronts[n % len(fronts)]
            channel = channels[n % len(channels)]
            agency = buyers[int(self.rng.integers(len(buyers)))]
            at = low + timedelta(days=int(self.rng.integers(span)), minutes=7 * n)
            same = [pay for pay in pays if self.net.trunk[pay] == self.net.trunk[front]] or pays
            payment = same[int(self.rng.integers(len(same)))]
            provider = self.net.groups[payment][0][0][0]
            currency = "EUR" if channel == "crypto" else _CURRENCY.get(agency.country, "EUR")
            eur = listed * float(np.exp(0.3 * self.rng.standard_normal()))
            price = Money(amount=amount(eur / RATES.get(currency, 1.0)), currency=currency)
            wallet, account = None, None
            if channel == "crypto":
                wallet, first = self._pay_in_coins(payment, agency.id, eur, at)
            else:
                account = self._account(payment)
                first = self._pay_by_card(agency.id, provider, account, price, at)
            is_known = self.rng.random() < biases.channel_coverage[channel]
            self.flows.purchases.append(
                Purchase(
                    id=f"TP-{n + 1:03d}",
                    agency=agency.id,
                    at=at,
                    storefront=front,
                    channel=channel,
                    price=price,
                    descriptor=f"{payment.partition('-')[2].upper()[:12]} DIGITAL",
                    provider=provider,
                    account=account,
                    wallet=wallet,
                    transfer=first.id,
                    known=bool(is_known),
                )
            )

    def _pay_in_coins(
        self, payment: str, agency: str, eur: float, at: datetime
    ) -> tuple[str, Transfer]:
        trunk = self.net.trunk[payment]
        if self.rng.random() < 0.5:
            till = self._address("USDT-TRX", trunk, "till")
            buyer = self._address("USDT-TRX", f"agency:{agency}", "purse")
            tokens = (Decimal(eur) / Decimal(str(COIN_EUR["USDT"]))).quantize(Decimal("0.000001"))
            return till, self._transfer("USDT-TRX", at, [(buyer, tokens)], [(till, tokens)])
        till = self._fresh(trunk)
        purse = self._fresh(f"agency:{agency}")
        sats = int(eur / COIN_EUR["BTC"] * SATOSHI)
        change = self._fresh(f"agency:{agency}")
        transfer = self._coins(at, [(purse, 2 * sats + 900)], [(till, sats), (change, sats)])
        self.unspent.setdefault(trunk, []).append((till, sats))
        return till, transfer

    def _pay_by_card(
        self, agency: str, provider: str, account: str, price: Money, at: datetime
    ) -> Transfer:
        card = "card:" + token(self.seed, "card", agency, length=12)
        self.flows.owner[card] = f"agency:{agency}"
        self.flows.owner[provider] = provider
        self._transfer(price.currency, at, [(card, price.amount)], [(provider, price.amount)])
        net_eur = price.amount * Decimal(str(RATES.get(price.currency, 1.0)))
        paid = (net_eur * Decimal("0.94")).quantize(Decimal("0.01"))  # a provider's fee: judgement
        settled = self._transfer(
            "EUR", at + timedelta(days=3), [(provider, paid)], [(account, paid)]
        )
        self._transfer("EUR", at + timedelta(days=9), [(account, paid)], [(self.mule, paid)])
        self._transfer("EUR", at + timedelta(days=12), [(self.mule, paid)], [(self.deposit, paid)])
        return settled

    def month(self, trunk: str, month: date, eur: float) -> None:
        """Take a month's coins at a trunk's tills, sweep them, pass them up and cash them."""
        at = datetime(month.year, month.month, 2, 9, 0, tzinfo=UTC)
        at += timedelta(minutes=int(self.rng.integers(60 * 24 * 5)))
        if at > self.shape.moment - timedelta(days=25):
            return
        sats = int(0.5 * eur / COIN_EUR["BTC"] * SATOSHI)
        exchange = self.hot["BTC"][int(self.rng.integers(2))]
        if sats > 40_000:
            parts = (self.rng.dirichlet(np.full(4, 3.0)) * sats).astype(np.int64) + 600
            tills = [(self._fresh(trunk), int(till_sats)) for till_sats in parts.tolist()]
            self._coins(at, [(exchange, int(parts.sum()) + 4_000)], tills)
            self.unspent.setdefault(trunk, []).extend(tills)
        outputs = list(self.unspent.get(trunk, []))
        if len(outputs) >= 3:
            self.unspent[trunk] = []
            self._sweep(trunk, outputs, at + timedelta(days=6))
        micro = int(0.5 * eur / COIN_EUR["USDT"] * MICRO)
        till = self._address("USDT-TRX", trunk, "till")
        if micro > 0:
            whole = Decimal(micro) / MICRO
            up = (whole * Decimal("0.3")).quantize(Decimal("0.000001"))
            chest = self._address("USDT-TRX", self.boss, "hot")
            source = self.hot["USDT-TRX"][int(self.rng.integers(2))]
            self._transfer("USDT-TRX", at + timedelta(hours=5), [(source, whole)], [(till, whole)])
            self._transfer("USDT-TRX", at + timedelta(days=8), [(till, up)], [(chest, up)])
            proceeds = (whole * Decimal("0.6")).quantize(Decimal("0.000001"))
            drain = self.hot["USDT-TRX"][2 if self.rng.random() < 0.2 else 0]
            self._transfer(
                "USDT-TRX", at + timedelta(days=9), [(till, proceeds)], [(drain, proceeds)]
            )

    def _sweep(self, trunk: str, outputs: list[tuple[str, int]], at: datetime) -> None:
        """Spend the tills together (the common-input trace), or mix one of them first."""
        if self.rng.random() < 0.12 and len(outputs) > 3:
            outputs = self._mixed(trunk, outputs, at - timedelta(hours=9))
        outputs = sorted(outputs, key=lambda output: output[1])
        total = sum(sats for _, sats in outputs)
        fee = 300 * (len(outputs) + 3)
        if total <= 5 * fee:
            self.unspent.setdefault(trunk, []).extend(outputs)
            return
        boss = (self._fresh(self.boss), (total - fee) * 3 // 10)
        cash = (self.hot["BTC"][0 if self.rng.random() < 0.7 else 1], (total - fee) * 5 // 10)
        change = (self._fresh(trunk), total - fee - boss[1] - cash[1])
        self._coins(at, outputs, [boss, cash, change])
        self.unspent.setdefault(self.boss, []).append(boss)
        self.unspent.setdefault(trunk, []).append(change)

    def _mixed(
        self, trunk: str, outputs: list[tuple[str, int]], at: datetime
    ) -> list[tuple[str, int]]:
        """Join one till with four strangers in equal outputs (a CoinJoin): owners differ."""
        outputs = sorted(outputs, key=lambda output: -output[1])
        till, till_sats = outputs[0]
        equal = (till_sats - 2_000) * 9 // 10
        strangers = [
            (self._fresh(f"stranger:{self.serial}"), till_sats + 700 * n) for n in range(1, 5)
        ]
        out = [(self._fresh(trunk), equal)]
        out += [(self._fresh(f"stranger:{self.serial}"), equal) for _ in strangers]
        change = self._fresh(trunk)
        rests = [(change, till_sats - equal - 500)]
        rests += [
            (self._fresh(f"stranger:{self.serial}"), their - equal - 500) for _, their in strangers
        ]
        self._coins(at, [(till, till_sats), *strangers], [*out, *rests])
        return [*outputs[1:], out[0], rests[0]]

    def chest(self, month: date, eur: float, *, final: bool, total: float) -> None:
        """Put a part aside in the wallets that the day will find; the last month evens it out."""
        at = datetime(month.year, month.month, 20, 3, 0, tzinfo=UTC)
        at = min(at, self.shape.moment - timedelta(days=2))
        split = {"BTC": 0.5, "USDT-TRX": 0.35, "ETH": 0.15}  # judgement
        if not final:
            self._store("BTC", int(split["BTC"] * eur / COIN_EUR["BTC"] * SATOSHI), at)
            self._store("USDT-TRX", int(split["USDT-TRX"] * eur / COIN_EUR["USDT"] * MICRO), at)
            self._store("ETH", int(split["ETH"] * eur / COIN_EUR["ETH"] * MICRO), at)
            return
        left = Decimal(f"{total:.2f}")
        for asset, per in (("BTC", SATOSHI), ("USDT-TRX", MICRO), ("ETH", MICRO)):
            rate = COIN_EUR[asset.partition("-")[0]]
            target = int(split[asset] * total / rate * per)
            self._store(asset, target - self.held.get(asset, 0), at)
            value = Decimal(f"{split[asset] * total:.2f}") if asset != "ETH" else left
            left -= value
            self.flows.cold.append(
                Cold(
                    asset=asset,
                    address=self._cold(asset),
                    holding=Decimal(self.held[asset]) / per,
                    eur=value,
                    owner=self.boss if asset == "BTC" else self.banker,
                )
            )

    def _cold(self, asset: str) -> str:
        return self._address(asset, self.boss if asset == "BTC" else self.banker, "cold")

    def _store(self, asset: str, units: int, at: datetime) -> None:
        """Move units into the cold wallet: from the leader's outputs first, then from outside."""
        if units <= 0:
            return
        self.held[asset] = self.held.get(asset, 0) + units
        cold = self._cold(asset)
        if asset != "BTC":
            hot = self._address(asset, self.boss, "hot")
            tokens = Decimal(units) / MICRO
            lacking = tokens - self.balance.get((asset, hot), Decimal(0))
            if lacking > 0:  # bought at an exchange with other takings
                source = self._address(asset, "service:Exchange Tomarix", "hot")
                before = at - timedelta(hours=7)
                self._transfer(asset, before, [(source, lacking)], [(hot, lacking)])
            self._transfer(asset, at, [(hot, tokens)], [(cold, tokens)])
            return
        ready = list(self.unspent.get(self.boss, []))
        spent: list[tuple[str, int]] = []
        while ready and sum(value for _, value in spent) < units + 3_000:
            spent.append(ready.pop(0))
        gathered = sum(value for _, value in spent)
        if gathered < units + 3_000:
            # An older hoard of the leader's own: outputs from before the records begin.
            spent.append((self._fresh(self.boss), units + 3_000 - gathered))
            gathered = units + 3_000
        change = (self._fresh(self.boss), gathered - units - 2_400)
        self._coins(at, spent, [(cold, units), change])
        self.unspent[self.boss] = [*ready, change]


_CURRENCY = {"GB": "GBP", "SE": "SEK", "CH": "CHF", "BG": "BGN", "RO": "RON"}


def purchase_counts(
    purchases: Sequence[Purchase], channels: Sequence[str]
) -> tuple[PurchaseCount, ...]:
    """Count the test purchases by channel, and how many ended in a known account."""
    return tuple(
        PurchaseCount(
            channel=channel,
            purchases=sum(purchase.channel == channel for purchase in purchases),
            known=sum(purchase.channel == channel and purchase.known for purchase in purchases),
        )
        for channel in channels
    )
