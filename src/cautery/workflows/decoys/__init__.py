"""Blind tests: own streams planted in secret, to measure what the watch misses and whom it accuses.

A planner draws and seals a plan before the night; a keeper serves the decoys and tells the gate
which of an approved act's targets are decoys; a reveal opens all of them (ADR 0079).
"""
