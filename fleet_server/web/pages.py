"""Renders the console's templates."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fleet_server.operators.roles import Identity

ASSETS = Path(__file__).parent / "assets"
_MENU = (("/", "Bangku"), ("/aset", "Aset"), ("/kampanye", "Kampanye"))


class Pages:
    """The console's templates; every value is escaped, every unknown name an error."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, template: str, identity: Identity | None, here: str = "", **values: object) -> str:
        """Render a page; ``here`` is the menu entry it belongs to."""
        return self._environment.get_template(template).render(
            identity=identity, here=here, menu=_MENU, **values
        )

    def render_fragment(self, template: str, **values: object) -> str:
        """Render a part of a page."""
        return self._environment.get_template(template).render(**values)
