"""Money: which addresses can be, who owns them together, where money went; nothing is fetched.

The modules: ``addresses`` (checksums), ``supplied`` (files read), ``flows`` (columns), ``cluster``
(owners), ``taint`` (which money), ``lots`` (by which convention), ``trace`` (from a purchase to
holdings), ``trail`` (its nouns), ``places`` (whose an address is), ``findings`` (what it comes to),
``picture``. Only the first is imported here: a register checks addresses and needs no arrays.

Examples
--------
>>> from datetime import UTC, datetime
>>> from decimal import Decimal
>>> from cautery.model import Flow, Transfer
>>> from cautery.operation.money import check_address
>>> from cautery.operation.money.cluster import cluster
>>> from cautery.operation.money.taint import Start, taint
>>> check_address("BTC", till := "1BoatSLRHtKNngkdXEeobR76b53LETtpyT")
>>> sweep = Transfer(
...     id="t1",
...     asset="BTC",
...     at=datetime(2024, 6, 1, tzinfo=UTC),
...     inputs=(
...         Flow(address=till, amount=Decimal("0.5")),
...         Flow(address="other till", amount=Decimal("0.5")),
...     ),
...     outputs=(Flow(address="hoard", amount=Decimal("0.9")),),
... )
>>> owners = cluster([sweep])
>>> owners.members(owners.of(till))
('1BoatSLRHtKNngkdXEeobR76b53LETtpyT', 'other till')
>>> taint([sweep], [Start(address=till, asset="BTC")]).held
{('BTC', 'hoard'): Decimal('0.5')}
"""

from cautery.payments.addresses import check_address, network_of, supported

__all__ = ["check_address", "network_of", "supported"]
