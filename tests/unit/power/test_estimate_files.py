"""Two copies with a CRC, written in turn (POW-R34)."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench_agent.adapters.estimate_files import EstimateFiles
from bench_agent.errors import EnergyMemoryError


def copies(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in {".a", ".b"})


def test_the_newest_document_is_found_again_whatever_was_written_before(tmp_path: Path) -> None:
    files = EstimateFiles(tmp_path)
    assert files.load() is None
    for number in range(5):
        files.save(b"document %d" % number)
        assert EstimateFiles(tmp_path).load() == b"document %d" % number
    assert len(copies(tmp_path)) == 2
    assert len(list(tmp_path.iterdir())) == 2


def test_a_new_program_goes_on_writing_over_the_older_copy(tmp_path: Path) -> None:
    for number in range(6):
        EstimateFiles(tmp_path).save(b"document %d" % number)
        kept = {EstimateFiles(tmp_path).load()} | {path.read_bytes()[-10:] for path in copies(tmp_path)}
        assert b"document %d" % number in kept
        assert number == 0 or b"document %d" % (number - 1) in kept


@pytest.mark.parametrize("torn", [0, 1])
@pytest.mark.parametrize("length", [0, 5, 11, 20])
def test_a_torn_copy_leaves_the_other(tmp_path: Path, torn: int, length: int) -> None:
    files = EstimateFiles(tmp_path)
    files.save(b"first document")
    files.save(b"second document")
    path = copies(tmp_path)[torn]
    path.write_bytes(path.read_bytes()[:length])
    assert EstimateFiles(tmp_path).load() == (b"second document", b"first document")[torn == 1]
    again = EstimateFiles(tmp_path)
    again.save(b"third document")
    assert EstimateFiles(tmp_path).load() == b"third document"


def test_two_torn_copies_are_nothing_and_are_replaced(tmp_path: Path) -> None:
    files = EstimateFiles(tmp_path)
    files.save(b"first")
    files.save(b"second")
    for path in copies(tmp_path):
        path.write_bytes(b"\x00" * 40)
    files = EstimateFiles(tmp_path)
    assert files.load() is None
    files.save(b"new")
    assert EstimateFiles(tmp_path).load() == b"new"


@settings(max_examples=60)
@given(document=st.binary(max_size=200), place=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_any_changed_byte_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, document: bytes, place: int, flip: int
) -> None:
    folder = tmp_path_factory.mktemp("copy")
    EstimateFiles(folder).save(document)
    [path] = copies(folder)
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= flip
    path.write_bytes(content)
    # A changed letter case of the CRC, or a space before it, says the same number.
    assert EstimateFiles(folder).load() in {None, document}


def test_a_disk_that_refuses_is_an_error_and_the_last_document_stays(tmp_path: Path) -> None:
    files = EstimateFiles(tmp_path / "data")
    files.save(b"kept")
    files.save(b"kept too")
    for path in (tmp_path / "data").iterdir():
        path.with_suffix(f"{path.suffix}.new").mkdir()
    with pytest.raises(EnergyMemoryError, match="estimate"):
        files.save(b"lost")
    assert EstimateFiles(tmp_path / "data").load() == b"kept too"
