"""Coding agents' own configuration: which files there are, and edits that keep all else."""
