"""The batch side of SecurityNet: evaluation families, protocols, engine and the reference suite."""
