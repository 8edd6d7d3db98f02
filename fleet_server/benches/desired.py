"""The desired document of a bench: several sections, one revision (FL-D2).

A section belongs to its module (the snapshot to ``campaigns``, the override to ``energy``); this is the
only place that writes the document, so that no module overwrites the section of another.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from bench_agent.wire import topics
from bench_agent.wire.ids import BenchId
from bench_agent.wire.presence import Desired
from fleet_server.benches import repository
from fleet_server.errors import BrokerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from fleet_server.benches.models import DesiredRow

    Publish = Callable[[str, bytes, topics.Delivery], None]
    """Publish and wait for the broker's acknowledgement; raises ``BrokerError``."""

_PER_ROUND = 100
_LOG = logging.getLogger(__name__)


def lock_desired(session: Session, bench: str) -> Desired:
    """Read the document and keep every other writer out until the caller commits."""
    return _decode(repository.lock_desired_row(session, bench))


def revise_desired(session: Session, bench: str, change: Callable[[Desired], Desired]) -> Desired:
    """Change a section of the document; ingest publishes it within a second. The caller commits.

    ``change`` gets the newest document, which already bears its new ``rev``, and returns it with its own
    section replaced. Nobody else writes in between.
    """
    row = repository.lock_desired_row(session, bench)
    row.rev += 1
    desired = change(msgspec.structs.replace(_decode(row), rev=row.rev))
    row.body = msgspec.json.encode(desired)
    session.flush()
    return desired


def _decode(row: DesiredRow) -> Desired:
    return msgspec.json.decode(row.body, type=Desired)


def publish_all_again(session: Session) -> None:
    """Let every document be published anew: a broker that went away may have forgotten. The caller commits.

    An acknowledgement says that the broker has a message, not that it survives the broker (FL-W2).
    """
    repository.forget_published(session)


def publish_pending_desired(session: Session, publish: Publish) -> int:
    """Publish desired documents the broker does not hold yet; returns how many. The caller commits.

    A broker that does not acknowledge ends the round; the rest follows in the next one.
    """
    done = 0
    for row in repository.unpublished_desired(session, _PER_ROUND):
        topic = topics.build(BenchId(row.bench), topics.Channel.DESIRED)
        try:
            publish(topic, row.body, topics.DELIVERY[topics.Channel.DESIRED])
        except BrokerError as err:
            _LOG.warning("desired of %s waits for the broker: %s", row.bench, err)
            break
        row.published_rev = row.rev
        done += 1
    return done
