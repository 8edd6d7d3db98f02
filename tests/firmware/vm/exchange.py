"""Frames against frames: ``kind payload frame`` in; out comes what was read of it, and the frame written."""

import sys
from binascii import hexlify, unhexlify

from framing import Decoder, encode
from ticks import ticks_diff


def text(data):
    return hexlify(data).decode()


for line in sys.stdin:
    kind, payload, frame = line.rstrip("\n").split(" ")
    decoder = Decoder(ticks_diff)
    read = decoder.feed(unhexlify(frame), 0)
    found = " ".join(f"{protocol}:{number}:{text(body)}" for protocol, number, body in read)
    print(found + ";" + text(encode(int(kind), unhexlify(payload))))
