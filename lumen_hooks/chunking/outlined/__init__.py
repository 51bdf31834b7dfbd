"""Definitions by lines, where no parser reads a language."""
