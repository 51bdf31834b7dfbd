"""Answers in words: sized for who asks, with paths as seen from where they stand."""
