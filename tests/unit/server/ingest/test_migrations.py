"""The revisions make what the models say."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import fleet_server
from fleet_server.kit.database import MIGRATIONS, Base, newest_revisions, open_engine, upgrade_schema


def test_revisions_make_exactly_the_tables_of_all_models(tmp_path: Path) -> None:
    for room in Path(fleet_server.__file__).parent.glob("*/models.py"):
        importlib.import_module(f"fleet_server.{room.parent.name}.models")
    engine = open_engine(f"sqlite:///{tmp_path / 'fleet.db'}")
    upgrade_schema(engine)
    upgrade_schema(engine)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    engine.dispose()


def test_newest_revisions_are_those_alembic_would_go_to() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert newest_revisions() == set(ScriptDirectory.from_config(config).get_heads())


def test_schema_that_is_newest_already_is_left_without_loading_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'fleet.db'}"
    engine = open_engine(url)
    upgrade_schema(engine)
    engine.dispose()
    program = (
        "import sys; from fleet_server.kit.database import open_engine, upgrade_schema;"
        f"upgrade_schema(open_engine({url!r})); print('alembic' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert said == "False\n"
