"""Renders the console's templates in the language of whoever asks."""

from functools import partial
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fleet_server.errors import FleetError
from fleet_server.operators.roles import Identity
from fleet_server.web import bench_card
from fleet_server.web.languages import Language, choose_language, load_languages

ASSETS = Path(__file__).parent / "assets"
LANGUAGE_COOKIE = "bangku_bahasa"
_TEMPLATES = Path(__file__).parent / "templates"


class Pages:
    """The console's templates; every value is escaped, every unknown name an error."""

    def __init__(self) -> None:
        self.languages = load_languages()
        self._environments = {code: _environment(language) for code, language in self.languages.items()}

    def language_of(self, request: Request) -> Language:
        """The language in which this browser is answered."""
        chosen = request.cookies.get(LANGUAGE_COOKIE)
        return choose_language(self.languages, chosen, request.headers.get("accept-language", ""))

    def page(
        self,
        request: Request,
        template: str,
        identity: Identity | None,
        status: int = 200,
        **values: object,
    ) -> HTMLResponse:
        """A whole page."""
        language = self.language_of(request)
        text = self.render(
            language, template, identity=identity, path=request.url.path, back=_address(request), **values
        )
        return HTMLResponse(text, status, {"content-language": language.code})

    def fragment(self, request: Request, template: str, **values: object) -> HTMLResponse:
        """A part of a page."""
        return HTMLResponse(self.render(self.language_of(request), template, **values))

    def render(self, language: Language, template: str, **values: object) -> str:
        """Text of a template in one language."""
        return self._environments[language.code].get_template(template).render(**values)


def pages_of(request: Request) -> Pages:
    """The pages of the application that serves ``request``."""
    pages: Pages = request.app.state.pages
    return pages


def own_path(text: str) -> str:
    """``text`` if it is a path on this server, else the start page: nobody is sent elsewhere."""
    return text if text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() else "/"


def _address(request: Request) -> str:
    """Where a person comes back to after changing the language."""
    if request.method != "GET":  # the page shows what was wrong with a form; a path below it takes forms only
        return "/" + request.url.path.split("/")[1]
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(  # type: ignore[attr-defined]  # comes with the extension
        language.catalogue, newstyle=True
    )
    environment.globals["language"] = language.code
    environment.filters |= {
        "number": language.spell_number,
        "time": language.spell_time,
        "date": language.spell_date,
        "state": partial(bench_card.spell_state, language),
        "facts": partial(bench_card.spell_facts, language),
        "tier": partial(bench_card.spell_tier, language),
        "happening": partial(bench_card.spell_kind, language),
        "explain": partial(_explain, language),
        "translated": language.gettext,
    }
    return environment


def _explain(language: Language, error: FleetError) -> str:
    return language.gettext(error.message, **error.facts)
