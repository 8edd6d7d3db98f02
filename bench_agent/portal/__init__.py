"""The captive portal: its own unprivileged process."""
