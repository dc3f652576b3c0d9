"""The marts of a night beside a rebuild, plain tables and DuckDB."""
