"""Finding models: one query language (``query``) over one table (``table``), for the command and Python."""
