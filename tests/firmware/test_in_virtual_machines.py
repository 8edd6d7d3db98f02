"""One item for each test of `vm/` and each machine it runs in (POW-R57, R59)."""

import pytest

from tests.firmware.virtual_machines import MODULES, VM, Machine, names_of_tests, run

CASES = [
    pytest.param(machine, module, test, id=f"{machine}-{module}-{test}")
    for module, machines in MODULES.items()
    for machine in machines
    for test in names_of_tests(module)
]


@pytest.mark.parametrize(("machine", "module", "test"), CASES)
def test_firmware(machine: Machine, module: str, test: str) -> None:
    outcome = run(machine, module)
    assert test in outcome.errors, f"died before (exit {outcome.returncode}): {outcome.stderr[-2000:]}"
    error = outcome.errors[test]
    assert error is None, error


def test_every_module_of_tests_is_run() -> None:
    assert {path.stem for path in VM.glob("check_*.py")} == set(MODULES)
