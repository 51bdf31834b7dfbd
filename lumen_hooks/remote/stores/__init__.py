"""Stores of objects by path: a folder, S3, the web, and whatever else fsspec reaches."""
