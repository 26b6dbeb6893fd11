"""SecurityNet: a catalogue of public image classifiers and their measured weaknesses."""

__version__ = "0.1.0"
