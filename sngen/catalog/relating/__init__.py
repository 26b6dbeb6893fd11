"""Relatives between and within sources: named rules over the merged catalogue, one idea per file."""
