"""Adapters: one module per technology; each translates foreign errors into ours."""
