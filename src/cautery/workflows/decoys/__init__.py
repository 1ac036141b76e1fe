"""The blind test: plan decoys in secret, keep them, ask about them before an act leaves, reveal."""
