"""Bringing a verified release to where people find it; what is published under a version never changes."""
