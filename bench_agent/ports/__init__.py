"""Ports: what services need from the world, as Protocols named by role."""
