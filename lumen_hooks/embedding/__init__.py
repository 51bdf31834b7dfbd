"""Embedding models: texts to int8 vectors; no database.

Importing this package imports nothing: `registry`, `identity` and `text` are
cheap enough for every tier, `static` brings numpy and tokenizers, and only
`fastembed_engine` brings fastembed.
"""
