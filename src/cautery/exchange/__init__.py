"""Exchange with partners' tools: each format is a writer and a reader of packages (ADR 0088)."""
