"""The lines of a hit that are shown: where they stand now, and which of them say what was asked."""
