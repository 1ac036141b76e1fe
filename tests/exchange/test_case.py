"""A package leaves as CASE and comes back whole; what is wrong with a graph is said."""

from hypothesis import given
from tests.exchange.packages import packages, sample_package

from cautery.exchange.case import FORMAT
from cautery.exchange.loss import losses
from cautery.model.exchange import Package


def _written(package: Package) -> bytes:
    return b"".join(FORMAT.write(package))


@given(packages())
def test_a_package_comes_back_as_it_left(package: Package) -> None:
    reading = FORMAT.read(_written(package), "case.jsonld")
    assert losses(package, reading.package) == ()
    assert reading.package == package
    assert reading.left_out == ()


def test_the_sample_comes_back_as_it_left() -> None:
    reading = FORMAT.read(_written(sample_package()), "case.jsonld")
    assert reading.package == sample_package()
    assert reading.left_out == ()
