"""One page of a long list, with the cursor of the next."""

from typing import Generic, TypeVar

from pydantic import BaseModel

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """Some items and where to go on."""

    items: list[Item]
    next: str | None = None
    """Opaque cursor of the next page; None = this was the last."""
