"""Desks of several agencies for the forms of an operation."""

from tests.workflows.operation.conftest import agency_desk, agency_table

__all__ = ["agency_desk", "agency_table"]
