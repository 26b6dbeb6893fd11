"""Claims of publications, tested on a release's numbers."""
