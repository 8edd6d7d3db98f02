"""Every text of the console is there in every language."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from fleet_server.web import pages
from fleet_server.web.languages import CATALOGUES
from tests.catalogue import extract

FILES = sorted(CATALOGUES.glob("*.po"))
TEMPLATES = sorted((Path(pages.__file__).parent / "templates").glob("*.html"))
CURE = "run `python -m tests.catalogue`, then translate what is empty"


def read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.stem)


def test_english_is_there() -> None:
    assert [path.stem for path in FILES] == ["en"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_catalogue_has_every_text_and_no_other(path: Path) -> None:
    texts = {message.id for message in extract() if message.id}
    known = {message.id for message in read(path) if message.id}
    assert texts - known == set(), CURE
    assert known - texts == set(), CURE


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_text_is_translated_and_keeps_its_places(path: Path) -> None:
    catalogue = read(path)
    for message in catalogue:
        if message.id:
            strings = message.string if isinstance(message.string, tuple) else (message.string,)
            assert all(strings), f"{message.id!r} is not translated"
            assert not message.fuzzy, f"{message.id!r} is only guessed"
    assert [(message.id, errors) for message, errors in catalogue.check()] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_no_template_says_anything_outside_the_catalogues(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    for marked in (r"\{#.*?#\}", r"\{%-?\s*trans\b.*?endtrans\s*-?%\}", r"\{%.*?%\}", r"\{\{.*?\}\}"):
        source = re.sub(marked, "", source, flags=re.DOTALL)
    spoken = re.findall(r'(?:aria-label|alt|title|placeholder)="([^"]*\w[^"]*)"', source)
    spoken += re.findall(r">([^<>]*[A-Za-z]{2,}[^<>]*)<", source)
    names = {"Bangku Pintar", "MB", "Wh", "Wi-Fi"}
    assert {text.strip(" \n·←→") for text in spoken} - names == set()
