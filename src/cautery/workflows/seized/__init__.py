"""Seized and cooperating material: sealed as it came, worked on under pseudonyms."""
