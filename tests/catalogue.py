"""Texts of the console, taken from code and templates.

``python -m tests.catalogue`` adds new ones to every catalogue and drops those no longer used; whoever runs it
then writes the missing translations into the ``.po`` files.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

import fleet_server.app
from fleet_server.alarms.rules import RULES
from fleet_server.errors import FleetError, SettingsError
from fleet_server.web.languages import CATALOGUES

_SERVER = Path(fleet_server.app.__file__).parent
_METHODS = [("web/templates/**.html", "jinja2"), ("**.py", "python")]
_OPTIONS = {"web/templates/**.html": {"trimmed": "true", "silent": "false"}}
_WIDTH = 110
_HEADER = """msgid ""
msgstr ""
"Language: {code}\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: {plural_forms}\\n"

"""


def list_errors(root: type[FleetError] = FleetError) -> Iterator[type[FleetError]]:
    """Errors that may reach a person's browser; ``fleet_server.app`` has imported their modules."""
    yield root
    for error in root.__subclasses__():
        # Settings speak English to whoever starts the server, the demo Indonesian to whoever starts the demo.
        if error is not SettingsError and not error.__module__.startswith("fleet_server.demo"):
            yield from list_errors(error)


def extract() -> Catalog:
    """Everything a person can read: marked texts, messages of errors raised, and titles of errors."""
    errors = set(list_errors())
    keywords = {**DEFAULT_KEYWORDS, **{error.__name__: None for error in errors}}
    found = Catalog(charset="utf-8", fuzzy=False)
    for file, _, message, _, context in extract_from_dir(_SERVER, _METHODS, _OPTIONS, keywords):
        found.add(message, locations=[(f"fleet_server/{file}", 1)], context=context)
    for rule in RULES:
        for text in (rule.title, rule.runbook):
            found.add(text, locations=[("fleet_server/alarms/rules.py", 1)])
    for error in errors:
        found.add(error.title, locations=[("fleet_server/errors.py", 1)])
    return found


def update(path: Path) -> None:
    """Bring one catalogue up to date without guessing translations."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.stem)
    catalogue.update(extract(), no_fuzzy_matching=True)
    written = BytesIO()
    write_po(
        written,
        catalogue,
        width=_WIDTH,
        omit_header=True,
        sort_output=True,
        ignore_obsolete=True,
        include_lineno=False,
    )
    header = _HEADER.format(code=path.stem, plural_forms=catalogue.plural_forms)
    path.write_bytes(header.encode() + written.getvalue())


if __name__ == "__main__":
    for one in sorted(CATALOGUES.glob("*.po")):
        update(one)
