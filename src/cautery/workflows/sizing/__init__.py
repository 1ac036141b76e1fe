"""Estimate the size of a network and its money from a file of observations."""
