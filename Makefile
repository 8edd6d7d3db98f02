# make test: install what is needed, check and test everything.   make run: a demo fleet in the browser.
.PHONY: test test-drivers check run bench lock clean
BIN := .venv/bin

test: setup-test check
	$(BIN)/pytest

# The power meters on the kernel's own drivers in a QEMU guest (POW-R66): 40 s, of which 25 only the first time.
test-drivers: setup-drivers
	$(BIN)/pytest tests/drivers

check:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

run: setup-run
	$(BIN)/fleet-server demo --benches 6 $(ARGS)

bench: setup-test
	$(BIN)/python -m tests.performance

setup-%:
	@.ci/setup $*

# Hashes only: the lock files name no index, so that any mirror serves them.
LOCK := uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links
lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/$(LOCK) --extra agent pyproject.toml -o agent.lock
	$(BIN)/$(LOCK) --extra server pyproject.toml -o server.lock
	$(BIN)/$(LOCK) --extra agent --extra server --extra dev pyproject.toml -o dev.lock

clean:
	rm -rf .venv node_modules build fleet_server/web/assets .mypy_cache .ruff_cache .pytest_cache
