"""The document with everything one bench may play. Source: docs/spec/signage.md section 3."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec

from media.asset import MediaFile, Sha256
from media.campaign import Campaign, Window
from media.errors import SnapshotError

FORMAT = "signage-snapshot/1"
MAX_SNAPSHOT_BYTES = 4_000_000

Instant = Annotated[datetime, msgspec.Meta(tz=True)]


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One bench's programme; unknown fields are ignored (SIG-R1)."""

    format: str
    bench: str
    version: Annotated[int, msgspec.Meta(ge=0)]
    made_at: Instant
    valid_until: Instant | None = None
    time_zone: str
    """IANA zone of the bench; dates and HH:MM are its wall clock (SIG-R5)."""
    overrun_s: Annotated[int, msgspec.Meta(ge=0)] = 30
    """How long an item may run past its window (SIG-R16)."""
    open: tuple[Window, ...] = ()
    """Display hours; none means always open."""
    campaigns: tuple[Campaign, ...] = ()
    files: dict[Sha256, MediaFile] = {}

    @property
    def zone(self) -> ZoneInfo:
        """The bench's time zone."""
        return ZoneInfo(self.time_zone)

    def is_open(self, local: datetime) -> bool:
        """Whether ``local`` (bench wall time) lies in the display hours."""
        return not self.open or any(window.start_day(local) is not None for window in self.open)


def parse_snapshot(raw: bytes) -> Snapshot:
    """Read a snapshot document.

    Raises:
        SnapshotError: Too large, not a snapshot, or not consistent in itself; the message names the place.
    """
    if len(raw) > MAX_SNAPSHOT_BYTES:
        raise SnapshotError(f"snapshot has {len(raw)} bytes, at most {MAX_SNAPSHOT_BYTES} are allowed")
    try:
        snapshot = msgspec.json.decode(raw, type=Snapshot)
    except (msgspec.DecodeError, UnicodeDecodeError) as err:
        raise SnapshotError(f"snapshot cannot be read: {err}") from err
    if snapshot.format != FORMAT:
        raise SnapshotError(f"snapshot format is {snapshot.format!r}, expected {FORMAT!r}")
    try:
        _ = snapshot.zone
    except (KeyError, ValueError, OSError) as err:
        raise SnapshotError(f"time zone {snapshot.time_zone!r} is not known") from err
    _check_campaigns(snapshot)
    return snapshot


def render_snapshot(snapshot: Snapshot) -> bytes:
    """The document as bytes; ``parse_snapshot`` gives the same value back."""
    return msgspec.json.encode(snapshot, order="sorted")


def _check_campaigns(snapshot: Snapshot) -> None:
    seen: set[str] = set()
    for campaign in snapshot.campaigns:
        if campaign.id in seen:
            raise SnapshotError(f"campaign id {campaign.id!r} is used twice")
        seen.add(campaign.id)
        for item in campaign.items:
            if item.picture not in snapshot.files:
                raise SnapshotError(f"item {item.id!r} of {campaign.id!r} names a file that is not listed")
