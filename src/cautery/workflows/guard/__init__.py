"""Judge what would be hit by acting on targets, and sign overrides of a refusal."""
