"""Use cases: what every face calls; prints nothing."""
