"""The ways in which hooks are put in place, and taken away."""
