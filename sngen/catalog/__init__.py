"""Facts about public models: one folder of text tables per source, importers that write such folders."""

from sngen.catalog.store import load_catalog

__all__ = ["load_catalog"]
