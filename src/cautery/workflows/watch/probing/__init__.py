"""Look at the streams that are offered, and tell what each of them carries."""
