"""The guard: what else would be hit by acting on a target, and whether it may be."""
