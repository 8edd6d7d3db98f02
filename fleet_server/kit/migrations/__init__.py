"""Alembic scripts of the SQL schema."""
