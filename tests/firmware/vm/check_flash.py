"""POW-R51: records survive a loss of power, and a damaged one is known."""

import os

import flash

NAME = "a_record"


def fresh():
    for name in (NAME, NAME + ".new"):
        if name in os.listdir("."):
            os.remove(name)


def test_what_is_saved_is_loaded_and_replaced():
    fresh()
    assert flash.load(NAME) is None
    for body in (b"\x00", b"\x07", bytes(range(64))):
        assert flash.save(NAME, body)
        assert flash.load(NAME) == body
    assert NAME + ".new" not in os.listdir(".")


def test_every_flipped_bit_and_every_cut_is_known():
    fresh()
    flash.save(NAME, b"\x03\x04")
    with open(NAME, "rb") as file:
        record = file.read()
    for place in range(len(record) * 8):
        damaged = bytearray(record)
        damaged[place // 8] ^= 1 << place % 8
        with open(NAME, "wb") as file:
            file.write(damaged)
        assert flash.load(NAME) is None, place
    for length in range(len(record)):
        with open(NAME, "wb") as file:
            file.write(record[:length])
        assert flash.load(NAME) is None, length


def test_a_flash_that_refuses_is_told():
    assert not flash.save("no_such_folder/record", b"\x01")
