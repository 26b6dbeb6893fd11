# Two commands matter: `make leaderboard` and `make test`. Everything they make lies in .venv/ and build/.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
RELEASE_VERSION ?= 0.1.0
WORKERS ?= 2
# Where mistakes are reported; with it, every model page links to the issue form.
REPOSITORY_URL ?=

BIN := .venv/bin
RELEASE := build/release/securitynet
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help leaderboard test lint format benchmarks chromium clean

help:
	@echo "make leaderboard   build everything from nothing: environment, embedded run, release, site"
	@echo "make test          the whole test suite, browser tests included"
	@echo "make lint          ruff, mypy, zizmor"
	@echo "make benchmarks    the figures of benchmarks/"
	@echo "make clean         remove build/ (the environment in .venv/ stays)"

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; found $$($(PYTHON) --version 2>&1). Set PYTHON=/path/to/python3.11."; exit 1; }
	@$(PYTHON) -m venv .venv || \
	  { echo "The venv module does not work. On Debian or Ubuntu: apt-get install python3-venv."; rm -rf .venv; exit 1; }

.venv/installed: .venv/bin/python pyproject.toml constraints.txt
	@echo "Installing packages (several GB with torch; some minutes the first time)"
	$(INSTALL) --editable ".[evaluate,load,site]"
	@touch $@

.venv/installed-dev: .venv/installed
	$(INSTALL) --editable ".[evaluate,load,site,dev]"
	@# a peer that attacks are tested against; what it asks for beside torch is old, and not used here
	$(INSTALL) --no-deps torchattacks
	@touch $@

leaderboard: .venv/installed
	$(BIN)/sngen check
	$(BIN)/python -m evaluations run --suite reference --results build/results --workers $(WORKERS)
	$(BIN)/sngen release build --version $(RELEASE_VERSION) --results data/results --results build/results --out build/release
	$(BIN)/sngen site build --release $(RELEASE) --out build/site $(if $(REPOSITORY_URL),--repository-url $(REPOSITORY_URL))
	@echo
	@echo "The leaderboard is in build/site/index.html; open it in a browser, no server needed."
	@echo "To serve it:  $(BIN)/sngen site serve"
	@echo "The dataset is in $(RELEASE);  in build/release:  load_dataset(\"securitynet\", \"leaderboard\")"

test: .venv/installed-dev chromium leaderboard
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile

chromium: .venv/installed-dev
	@sh tests/browser/install_chromium

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/zizmor --offline --quiet .github/workflows

format: .venv/installed-dev
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

benchmarks: .venv/installed-dev
	@for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

clean:
	rm -rf build
