"""The operator's console: server-rendered pages over the business modules."""
