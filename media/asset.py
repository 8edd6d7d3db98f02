"""Files a bench may show, named by the SHA-256 of their bytes. Source: docs/spec/signage.md section 1."""

from typing import Annotated

import msgspec

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class MediaFile(msgspec.Struct, frozen=True, kw_only=True):
    """One verified file of an asset, as a snapshot lists it (SIG-R57)."""

    size_bytes: Annotated[int, msgspec.Meta(ge=1)]
    media_type: str
    duration_ms: Annotated[int, msgspec.Meta(ge=0)] = 0
    url: str
    """Absolute, or a path on the server the snapshot came from."""
