"""Published language between bench and server; the bench owns it, the server is its client."""
