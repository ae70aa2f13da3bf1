# Everything a newcomer needs: 'make run' and 'make test'. Each target sets up what it needs.
# PYTHON names the one to make the environment with; unset, it is python3 or a quicker build of it.
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: help run demo test lint types bench eval check lock clean browser

help:            ## what can be made
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

$(VENV)/ready: requirements.txt constraints.txt
	@$(or $(PYTHON),python3) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "leadwire: needs Python 3.11 or newer, this is " + sys.version.split()[0] + ".")'
	@[ -x $(BIN)/pip ] || { python="$(or $(PYTHON),$$(python3 config/interpreter.py))"; \
		echo "Setting up: virtual environment of $$python"; "$$python" -m venv $(VENV); }
	@echo "Setting up: packages (a minute or two, once)"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	@touch $@

$(VENV)/dev: $(VENV)/ready requirements-dev.txt
	@echo "Setting up: packages for development"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt -c constraints.txt
	@touch $@

run: $(VENV)/ready    ## set up and run Leadwire with a demo company; Ctrl-C stops it
	@exec $(BIN)/python manage.py up

demo: $(VENV)/ready   ## play real webhooks end to end against the platform simulator, then end
	@exec $(BIN)/python manage.py demo

# Three workers for two cores: browsers and servers keep the tests waiting half of the time. They
# must agree on the order of a set, which hashes decide.
test: $(VENV)/dev     ## set up and run the tests
	@PYTHONHASHSEED=$$$$ $(BIN)/python -m pytest $(or $(ARGS),-n 3)

lint: $(VENV)/dev     ## style, templates, import contracts, migrations
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/djlint --lint --quiet --profile=django templates
	@$(BIN)/python manage.py makemigrations --check --dry-run
	@$(BIN)/python manage.py check --fail-level WARNING

types: $(VENV)/dev    ## static types
	@$(BIN)/mypy .

bench: $(VENV)/dev    ## measure; one JSON line per figure
	@$(BIN)/python -m tests.benchmarks

eval: $(VENV)/dev     ## quality of the offline engine on the public evaluation sets, where present
	@$(BIN)/python manage.py evaluate

check: lint types test  ## all of what CI asks, without the browser

lock: $(VENV)/dev     ## write constraints.txt anew from what is installed
	@{ echo "# Every package, exact: written by 'make lock' from requirements.txt and requirements-dev.txt."; $(BIN)/pip freeze --exclude-editable; } > constraints.txt

clean:           ## forget the virtual environment and all local data
	rm -rf $(VENV) var
