"""What the power service must not forget, as a role (POW-R34)."""

from typing import Protocol


class EnergyMemory(Protocol):
    """Keeps one document over power cuts; what it holds is the service's business."""

    def load(self) -> bytes | None:
        """The newest document that is whole; None when there is none."""
        ...

    def save(self, document: bytes) -> None:
        """Keep ``document``; on return it survives a power cut, and until then the one before does.

        Raises:
            EnergyMemoryError: The disk refused it.
        """
        ...
