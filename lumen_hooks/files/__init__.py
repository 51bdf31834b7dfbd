"""Which files count, and what they say; no index."""
