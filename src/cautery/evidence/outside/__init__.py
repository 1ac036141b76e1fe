"""Proofs from outside: a published log, its co-signers, time-stamps, and the bracket in time.

A case's key proves that nobody edited the case. These modules prove *when* it was: tiles of the
organisation's log (:mod:`~cautery.evidence.outside.tiles`), co-signatures and the policy that says
how many are enough, RFC 3161 time-stamps, and what follows from them for each record.
"""
