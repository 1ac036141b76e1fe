"""Packages as tables of cells: what CSV and XLSX have in common."""
