"""Runs inside a virtual machine: every ``test_`` function of a module, one line of JSON each."""

import io
import json
import sys


async def run(name):
    """Import module ``name`` and run its tests; tests that are coroutines are awaited."""
    module = __import__(name)
    for test in sorted(dir(module)):
        if test.startswith("test_"):
            print(json.dumps({"test": test, "error": await _error_of(getattr(module, test))}))


async def _error_of(test):
    try:
        outcome = test()
        if hasattr(outcome, "send"):
            await outcome
    except Exception as err:  # noqa: BLE001 - the other tests go on
        return _text_of(err)
    return None


def _text_of(err):
    if not hasattr(sys, "print_exception"):  # CPython
        import traceback

        return "".join(traceback.format_exception(err))
    text = io.StringIO()
    sys.print_exception(err, text)
    return text.getvalue()
