"""The papers of offices: forms as data, filled from a case and a person's answers (ADR 0080).

Nothing is sent, and nothing is signed: a form is written to a file, and people take it from there.
"""
