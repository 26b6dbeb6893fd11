"""Formats of published checkpoints. A file ``<format>_checkpoint.py`` reads one into plain tensors."""
