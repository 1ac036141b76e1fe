"""Fingerprint reference media and feeds, and identify files and streams by them.

One module a task: :mod:`~cautery.workflows.identification.sources` reads what was asked for,
:mod:`~cautery.workflows.identification.build` fingerprints files,
:mod:`~cautery.workflows.identification.live` fingerprints feeds,
:mod:`~cautery.workflows.identification.run` answers probes.
"""
