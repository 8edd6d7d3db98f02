"""The revisions make what the models say."""

from __future__ import annotations

import importlib
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import fleet_server
from fleet_server.kit.database import Base, open_engine, upgrade_schema


def test_revisions_make_exactly_the_tables_of_all_models(tmp_path: Path) -> None:
    for room in Path(fleet_server.__file__).parent.glob("*/models.py"):
        importlib.import_module(f"fleet_server.{room.parent.name}.models")
    engine = open_engine(f"sqlite:///{tmp_path / 'fleet.db'}")
    upgrade_schema(engine)
    upgrade_schema(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()
