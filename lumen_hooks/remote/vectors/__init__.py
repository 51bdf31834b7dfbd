"""Vectors as objects of a store, by the keys of their texts."""
