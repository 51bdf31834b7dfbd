"""Indexes and vectors in a store elsewhere, so that another machine need not make them anew."""
