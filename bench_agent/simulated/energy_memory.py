"""A memory that lasts as long as the simulation."""


class SimulatedEnergyMemory:
    """Keeps the newest document; power cuts of a simulated bench do not reach it."""

    def __init__(self) -> None:
        self._document: bytes | None = None

    def load(self) -> bytes | None:
        """The newest document, None before the first."""
        return self._document

    def save(self, document: bytes) -> None:
        """Keep ``document``."""
        self._document = document
