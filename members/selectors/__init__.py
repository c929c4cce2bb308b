"""Queries that feed the pages of the roll."""
