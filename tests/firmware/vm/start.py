"""Start of a machine that has its own loop: unix MicroPython, CPython. Argument: a module of tests."""

import asyncio
import sys

import runner

asyncio.run(runner.run(sys.argv[1]))
