"""The fleet server: takes everything in, and gives operators a console and an API."""
