"""Languages: which one, and how it spells."""

from datetime import UTC, date, datetime

import pytest

from fleet_server.errors import BadRequestError
from fleet_server.headers import render_policy
from fleet_server.web.languages import choose_language, load_languages
from fleet_server.web.pages import own_path

LANGUAGES = load_languages()
ENGLISH = LANGUAGES["en"]
INDONESIAN = LANGUAGES["id"]


@pytest.mark.parametrize(
    ("chosen", "accept", "code"),
    [
        (None, "", "id"),
        (None, "en-US,en;q=0.9", "en"),
        (None, "id-ID,id;q=0.9,en;q=0.8", "id"),
        (None, "en;q=0.2, id;q=0.9", "id"),
        (None, "fr-FR, en;q=0.3", "en"),
        (None, "fr, de", "id"),
        (None, "en;q=0", "id"),
        (None, "*;q=nonsense, en", "en"),
        ("id", "en-US", "id"),
        ("en", "id-ID", "en"),
        ("xx", "en", "en"),
    ],
)
def test_the_choice_wins_then_the_browser_then_indonesian(chosen: str | None, accept: str, code: str) -> None:
    assert choose_language(LANGUAGES, chosen, accept).code == code


def test_time_has_24_hours_and_names_its_zone_sig_r12() -> None:
    instant = datetime(2026, 8, 2, 17, 5, tzinfo=UTC)
    assert INDONESIAN.spell_time(instant) == "3 Agu 00.05 WIB"
    assert ENGLISH.spell_time(instant) == "3 Aug 00:05 WIB"
    assert INDONESIAN.spell_date(date(2026, 8, 2)) == "2 Agu 2026"


def test_numbers_carry_the_separators_of_their_language() -> None:
    assert INDONESIAN.spell_number(1234.56, 1) == "1.234,6"
    assert ENGLISH.spell_number(1234.56, 1) == "1,234.6"
    assert INDONESIAN.spell_number(1000) == "1.000"


def test_an_error_is_a_text_with_facts_so_it_can_be_said_again() -> None:
    error = BadRequestError("Parameter 'limit' harus 1 sampai %(most)s.", most=1000)
    assert error.detail == str(error) == "Parameter 'limit' harus 1 sampai 1000."
    assert ENGLISH.gettext(error.message, **error.facts) == "Parameter 'limit' must be 1 to 1000."


def test_a_text_without_translation_and_with_a_percent_sign_stays_as_it_is() -> None:
    assert ENGLISH.gettext("Isi 50%") == "Isi 50%"
    assert BadRequestError("Isi 50%").detail == "Isi 50%"


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("/bangku/tgx000000001?jam=6", "/bangku/tgx000000001?jam=6"),
        ("https://lain.example/", "/"),
        ("//lain.example/", "/"),
        ("/\\lain.example/", "/"),
        ("/\t/lain.example/", "/"),
        ("", "/"),
    ],
)
def test_nobody_is_sent_to_another_site(asked: str, given: str) -> None:
    assert own_path(asked) == given


def test_only_the_set_tile_server_may_send_pictures() -> None:
    assert "https:" not in render_policy(None)
    assert "https://*.tiles.example;" in render_policy("https://{s}.tiles.example/{z}/{x}/{y}.png")
