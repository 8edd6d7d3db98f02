"""Start of the board. With GP22 held to ground it stays idle, so that files can be copied; see README."""

import asyncio

from machine import Pin

SERVICE_PIN = 22

if Pin(SERVICE_PIN, Pin.IN, Pin.PULL_UP).value():
    from board import Board

    asyncio.run(Board().run())
