"""People who watch the fleet: accounts, sign-in, API tokens."""
