"""Rules of docs/spec/signage.md section 3."""

import json
from typing import Any

import pytest

from media.campaign import Layer
from media.errors import SnapshotError
from media.proof_of_play import Outcome, judge
from media.snapshot import MAX_SNAPSHOT_BYTES, parse_snapshot, render_snapshot

SHA = "a" * 64


def document(**changes: Any) -> bytes:
    item = {"id": "gizi-1", "duration_ms": 30000, "picture": SHA, "still": SHA}
    base: dict[str, Any] = {
        "format": "signage-snapshot/1",
        "bench": "tgx000000001",
        "version": 412,
        "made_at": "2026-11-23T09:00:00Z",
        "time_zone": "Asia/Jakarta",
        "campaigns": [
            {
                "id": "gizi-2026", "title": "Isi Piringku", "owner": "Dinkes", "layer": "guaranteed",
                "share_pm": 250, "from": "2026-11-25", "until": "2026-12-09", "windows": [], "items": [item],
            }
        ],
        "files": {SHA: {"size_bytes": 7340032, "media_type": "video/mp4", "url": f"/media/{SHA}"}},
        "signature": {"alg": "ed25519"},
    }  # fmt: skip
    return json.dumps(base | changes).encode()


def campaign(**changes: Any) -> list[dict[str, Any]]:
    return [{"id": "x", "layer": "filler", "items": []} | changes]


def test_reads_a_snapshot_and_ignores_unknown_fields_r1() -> None:
    snapshot = parse_snapshot(document())
    assert snapshot.version == 412
    assert snapshot.overrun_s == 30
    assert snapshot.campaigns[0].share_pm == 250
    assert str(snapshot.campaigns[0].until_date) == "2026-12-09"
    assert parse_snapshot(render_snapshot(snapshot)) == snapshot


def test_unknown_layer_is_kept_as_unknown() -> None:
    assert parse_snapshot(document(campaigns=campaign(layer="hologram"))).campaigns[0].layer is Layer.UNKNOWN


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"<html>login</html>", "cannot be read"),
        (b"\xff\xfe", "cannot be read"),
        (b" " * (MAX_SNAPSHOT_BYTES + 1), "at most"),
        (document(format="signage-snapshot/9"), "signage-snapshot/9"),
        (document(time_zone="Asia/Nowhere"), "Asia/Nowhere"),
        (document(time_zone="../../etc/passwd"), "time zone"),
        (document(files={}), "gizi-1"),
        (document(campaigns=campaign() + campaign()), "used twice"),
        (document(campaigns=campaign(share_pm=1001)), "share_pm"),
        (document(campaigns=campaign(id="../x")), "id"),
        (document(campaigns=campaign(windows=[{"days": [8], "start": "06:00", "end": "07:00"}])), "days"),
        (document(campaigns=campaign(windows=[{"days": [1], "start": "6", "end": "07:00"}])), "start"),
    ],
)
def test_refuses_a_bad_snapshot_and_says_why_r1(raw: bytes, says: str) -> None:
    with pytest.raises(SnapshotError, match=says):
        parse_snapshot(raw)


@pytest.mark.parametrize(
    ("shown_ms", "pictures", "outcome"),
    [
        (10_000, 240, Outcome.COMPLETE),
        (9_500, 1, Outcome.COMPLETE),
        (9_499, 240, Outcome.PARTIAL),
        (9_900, 0, Outcome.FAILED),
        (0, 5, Outcome.FAILED),
    ],
)
def test_complete_needs_pictures_and_95_percent_r76(shown_ms: int, pictures: int, outcome: Outcome) -> None:
    assert judge(shown_ms=shown_ms, planned_ms=10_000, pictures=pictures) is outcome


def test_outcome_of_a_newer_version_reads_as_unknown() -> None:
    assert Outcome("levitated") is Outcome.UNKNOWN
