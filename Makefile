# Two commands for a new machine with Python 3.11 and make: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Two processes: each runs labs on a loopback network of its own.
WORKERS ?= 2
# What pytest gets beside: a file, `-k name`, `-m engine` for only what needs a PowerShell.
ARGS ?=

.PHONY: demo test lowest bench lint clean

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[lab,evtx]' --group dev
	@touch $@

demo: $(VENV)/.ready
	@$(BIN)/psrebind demo

test: $(VENV)/.ready
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

# The lowest versions that pyproject.toml allows: the demo, and the tests of the main jobs. Old
# libraries warn of themselves, which is not what is asked here.
LOWEST := .lowest
lowest: $(VENV)/.ready
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(LOWEST)
	$(BIN)/uv pip install --quiet --python $(LOWEST)/bin/python --resolution lowest-direct \
		'.[lab,evtx]' 'pytest>=8.3' 'hypothesis>=6.115'
	$(LOWEST)/bin/psrebind demo > /dev/null
	$(LOWEST)/bin/python -m pytest -q -o filterwarnings=default tests/cli/test_rebinding.py \
		tests/cli/test_options.py tests/cli/test_looking.py tests/sessions/test_remote.py \
		tests/test_templates.py tests/fleet/test_inventory_readers.py

# Wants a quiet machine; ARGS=--quick for a first look.
bench: $(VENV)/.ready
	$(BIN)/python benchmarks/run.py $(ARGS)

lint: $(VENV)/.ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

clean:
	rm -rf $(VENV) $(LOWEST) .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build
