"""Draw the pictures of the README from a demo of six benches: ``python -m tests.browser.pictures [FOLDER]``.

Takes about two minutes; it looks the same at any hour, because the pages show past days.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import expect

from tests.browser.walk import DESK, look_at, open_browser, samples_are_out, sign_in
from tests.demo import Demo, running_demo, wait_for

FOLDER = Path("docs/pictures")
PATIENCE_S = 300.0
SETTLED_S = 4.0


def main() -> None:
    """Start the demo, wait until the past of its benches has arrived, and draw a campaign and a bench."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    complaints: list[str] = []
    with (
        tempfile.TemporaryDirectory() as data,
        running_demo(Path(data, "demo")) as demo,
        open_browser(complaints) as page,
    ):
        campaign = wait_for(lambda: samples_are_out(demo), PATIENCE_S)[0]["id"]
        benches = wait_for(lambda: settled_benches(demo, campaign), PATIENCE_S)
        sign_in(page, demo)
        page.goto(f"{demo.url}/kampanye/{campaign}")
        look_at(page, DESK, folder / "campaign.png")
        busiest = max(benches, key=lambda bench: int(bench["plays"]))
        page.goto(f"{demo.url}/bangku/{busiest['bench']}")
        expect(page.locator(".chart-stage canvas")).to_have_count(4)
        expect(page.locator("svg.outlook")).to_be_visible(timeout=PATIENCE_S * 1000)  # sent after a minute
        look_at(page, DESK, folder / "bench.png")
    assert complaints == [], complaints


def settled_benches(demo: Demo, campaign: str) -> list[dict[str, Any]] | None:
    """The proofs of every bench once no backlog of them is on its way any more."""

    def read(api: httpx.Client) -> list[dict[str, Any]]:
        proofs: list[dict[str, Any]] = api.get(f"/api/v1/campaigns/{campaign}/report").json()["benches"]
        return proofs

    with demo.open_api() as api:
        before = read(api)
        time.sleep(SETTLED_S)
        after = read(api)
    grown = [two["plays"] - one["plays"] for one, two in zip(before, after, strict=True)]
    return after if all(bench["plays"] for bench in after) and max(grown) <= 1 else None


if __name__ == "__main__":
    main()
