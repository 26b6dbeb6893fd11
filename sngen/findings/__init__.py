"""Claims of publications, tested on a release's numbers."""

from sngen.findings.findings import findings

__all__ = ["findings"]
