"""Judge which bystanders an act on a target would hit, and sign overrides of a refusal.

The rules themselves are in :mod:`cautery.plan.guard`.
"""
