"""Languages of the pages, and which one a browser gets.

Indonesian is the source: the ids of the messages are its texts, so it needs no catalogue. Every other
language is a committed ``catalogues/<code>.po``, read when the server starts; nothing has to be compiled.
``python -m tests.catalogue`` brings the catalogues up to date with code and templates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from gettext import NullTranslations
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.core import Locale
from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from babel.support import Translations

SOURCE = "id"
CATALOGUES = Path(__file__).parent / "catalogues"
_ZONE = ZoneInfo("Asia/Jakarta")
_LOCALES = {"id": Locale("id", "ID"), "en": Locale("en", "GB")}
"""British, because a bench's clock has 24 hours and its calendar starts with the day."""
_CLOCKS = {"id": "HH.mm", "en": "HH:mm"}


@dataclass(frozen=True, slots=True)
class Language:
    """One language: its words, and how it spells numbers and bench time."""

    code: str
    """ISO 639-1, as in the ``lang`` attribute of a page."""
    catalogue: NullTranslations

    def gettext(self, message: str, **values: object) -> str:
        """Translate an Indonesian text and fill its ``%(name)s`` places; an unknown text stays as it is."""
        text = self.catalogue.gettext(message)
        return text % values if values else text

    def ngettext(self, one: str, many: str, num: int, **values: object) -> str:
        """Translate a text that counts; ``%(num)s`` is the number."""
        text = self.catalogue.ngettext(one, many, num)
        return text % {"num": self.spell_number(num), **values}

    def spell_number(self, number: float, decimals: int = 0) -> str:
        """A number with the language's separators and a fixed count of decimals."""
        return _spell_number(self.code, number, decimals)

    def spell_time(self, instant: datetime) -> str:
        """An instant in bench time with its zone named (SIG-R12), to the minute: ``23 Nov 12.30 WIB``."""
        pattern = f"d MMM {_CLOCKS[self.code]} 'WIB'"
        return format_datetime(instant, pattern, tzinfo=_ZONE, locale=_LOCALES[self.code])

    def spell_date(self, day: date) -> str:
        """A day of the calendar: ``23 Nov 2026``."""
        return format_date(day, "d MMM y", locale=_LOCALES[self.code])


@lru_cache(maxsize=4096)  # a page of a thousand benches repeats a few small numbers
def _spell_number(code: str, number: float, decimals: int) -> str:
    places = f".{'0' * decimals}" if decimals else ""
    return format_decimal(number, f"#,##0{places}", locale=_LOCALES[code])


def load_languages() -> dict[str, Language]:
    """All languages by code, Indonesian first."""
    languages = {SOURCE: Language(SOURCE, NullTranslations())}
    for path in sorted(CATALOGUES.glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.stem)
        compiled = BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        languages[path.stem] = Language(path.stem, Translations(compiled))
    return languages


def choose_language(languages: Mapping[str, Language], chosen: str | None, accept: str) -> Language:
    """The language of a browser: what its person chose, what it asks for, else Indonesian.

    Args:
        languages: Those there are, by code.
        chosen: Value of the language cookie.
        accept: ``Accept-Language`` header (RFC 9110 section 12.5.4).
    """
    wishes = [] if chosen is None else [chosen]
    for code in wishes + _read_accept(accept):
        if code in languages:
            return languages[code]
    return languages[SOURCE]


def _read_accept(header: str) -> list[str]:
    """Main languages by falling weight; the same weight keeps the header's order."""
    wishes: list[tuple[float, str]] = []
    for wish in header.split(","):
        tag, _, weight = wish.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if quality > 0:
            wishes.append((quality, tag.strip().lower().partition("-")[0]))
    return [code for _, code in sorted(wishes, key=lambda wish: -wish[0])]
