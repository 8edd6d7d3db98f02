"""The film player: its own unprivileged process."""
