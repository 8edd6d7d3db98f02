"""The reasons of an energy plan in words (POW-R39)."""

import msgspec
import pytest

from bench_agent.wire.energy_reason import EnergyReason, ReasonCode, spell

FULL = {"soc_pct": 38, "until": "15:30", "rest_v": 12.849, "temperature_c": 46.4}


@pytest.mark.parametrize("code", list(ReasonCode))
@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("numbers", [{}, FULL])
def test_every_code_has_one_sentence_without_holes(
    code: ReasonCode, language: str, numbers: dict[str, object]
) -> None:
    text = spell(msgspec.convert({"code": code.value, **numbers}, EnergyReason), language)
    assert text[0].isupper()
    assert "\n" not in text
    assert not set("{}") & set(text)
    assert not text.endswith((".", " ", ":"))
    assert len(text) <= 100


@pytest.mark.parametrize("code", list(ReasonCode))
def test_english_is_another_sentence(code: ReasonCode) -> None:
    reason = msgspec.convert({"code": code.value, **FULL}, EnergyReason)
    assert spell(reason, "en") != spell(reason)
    assert spell(reason, "jv") == spell(reason)


def test_numbers_are_written_as_each_language_does() -> None:
    assert spell(EnergyReason(code=ReasonCode.ECO_OFF, soc_pct=38, until="15:30")) == (
        "Layar mati sampai 15.30: baterai 38 %"
    )
    low = EnergyReason(code=ReasonCode.LOW_VOLTAGE, soc_pct=55, rest_v=12.849)
    assert spell(low) == "Hemat daya karena tegangan baterai 12,85 V: baterai 55 %"
    assert spell(low, "en") == "Saving energy, battery voltage 12.85 V: battery 55 %"


def test_a_code_of_a_newer_bench_is_read_and_spelled() -> None:
    reason = msgspec.json.decode(b'{"code":"solar_eclipse","soc_pct":51,"moon":1}', type=EnergyReason)
    assert reason.code is ReasonCode.UNKNOWN
    assert spell(reason) == "Hemat daya: baterai 51 %"
