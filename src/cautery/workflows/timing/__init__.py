"""The time of a case, as others vouch for it: the organisation's log, stamps and co-signers."""
