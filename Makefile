# Two commands do everything: `make demo` and `make test`. Both set up what they need, in .venv/ and, where this is
# Debian or Ubuntu and one may, from the system's packages.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
unexport PYTHONDONTWRITEBYTECODE  # what is compiled once is not compiled again by each of hundreds of processes

.PHONY: demo test check bench setup clean

demo: $(READY)
	$(BIN)/steadyreach demo

test: $(READY)
	$(BIN)/python -m pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/steadyreach bench

setup: $(READY)

$(READY): requirements.txt pyproject.toml setup.sh
	sh setup.sh $(PYTHON) $(VENV)
	touch $@

clean:
	rm -rf $(VENV)
