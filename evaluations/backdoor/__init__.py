"""Backdoor detection: what detectors say of clean and of poisoned models, and how far that is right."""
