"""The public face: lists for access providers, look-up, complaints, figures.

It reads a folder that a case fills, and holds neither keys nor the case.
"""
