"""The benches of the fleet: who they are and whether they are there."""
