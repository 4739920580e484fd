# Every target installs what it needs: "make check" works in a fresh clone. The environment for
# development is apart from the launcher's .venv, so that no test passes because of a library that
# users do not have.

PYTHON := .venv-dev/bin/python
LOCK_FLAGS ?=

# Three workers for the two cores of a small machine: a test of processes waits for them half of its time.
# "make test PYTEST_FLAGS=-x" and the like are welcome.
PYTEST_FLAGS ?= -n 3 --dist worksteal

.PHONY: help check test lint fix types imports docs bench soak mutants clean lock dev rigs

help: ## Show the targets.
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 10

# The tests come last because they take longest; they include the documentation's own.
check: rigs lint types imports docs test ## Everything that has to hold before a commit; all that CI runs.

test: dev ## Run all tests but the soak.
	$(PYTHON) -m pytest -m "not soak" $(PYTEST_FLAGS)

lint: dev ## Check format and style.
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .

fix: dev ## Format, and mend what can be mended by itself.
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

types: dev ## Check the types.
	$(PYTHON) -m mypy

imports: dev ## Check who imports whom.
	.venv-dev/bin/lint-imports

docs: dev ## Check that the documentation is complete and true.
	if [ -d tests/docs ]; then $(PYTHON) -m pytest tests/docs; fi

bench: dev ## Measure; prints the table of docs/performance.md.
	if [ -d bench ]; then $(PYTHON) -m bench; fi

# Silent where everything is there; without root, apt or a network it changes nothing and is no failure.
rigs: ## Install the Debian tools with which tests inject faults.
	@sh tools/rigs.sh

# Its figures go into docs/reliability.md; the second half, with real processes, takes over an hour.
soak: dev rigs ## Simulate a million steps, run the tests that take minutes on purpose.
	$(PYTHON) -m tests.simulation --soak 1000000
	rm -f build/faults.jsonl
	$(PYTHON) -m pytest -m soak --timeout 7200 $(PYTEST_FLAGS)
	$(PYTHON) -m tests.integration.faults.figures
	$(PYTHON) -m pytest -m "not soak" --hypothesis-profile thorough --timeout 7200 $(PYTEST_FLAGS) tests/laws tests/unit

mutants: dev ## Switch off the planner's rules one by one: a test has to notice each.
	$(PYTHON) tools/mutants.py

clean: ## Remove what can be made again; the state folder is left alone.
	rm -rf .venv .venv.* .venv-dev .venv-dev.* build dist
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests tools bench -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

lock: dev ## Lock the dependencies anew; LOCK_FLAGS=--upgrade for newer versions.
	$(PYTHON) tools/lock.py $(LOCK_FLAGS)

# Always asked, never guessed from file times: it leaves at once when the environment is whole.
dev:
	@sh tools/setup.sh .venv-dev requirements-dev.lock
