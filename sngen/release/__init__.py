"""The versioned dataset: built from facts and records, read back, verified."""
