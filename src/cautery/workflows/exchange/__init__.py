"""Hand a case to partners' tools, and take in what partners hand over."""
