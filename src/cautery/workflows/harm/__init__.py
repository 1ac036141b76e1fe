"""Harm and deterrence: what an audience may have cost, and what acts are known to do."""
