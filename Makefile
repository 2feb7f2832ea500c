# Every target sets up what it needs (.venv) and does nothing twice. `make help` lists them.
PYTHON ?= python3
PORT ?= 8000
# Without compiled modules each of some hundred processes of a run compiles them again.
export PYTHONDONTWRITEBYTECODE :=
RUN := .venv/bin/python

READY := .venv/.ready
PAGE := _build/html/book/preface.html
SOURCES := _config.yml _toc.yml $(wildcard book/*.* book/_static/* book/chapters/*.md \
	book/notebooks/*.ipynb solutions/*/*) \
	$(shell find gensrc -name '*.py')

.DEFAULT_GOAL := help
.PHONY: help book serve execute release lab grade test check system bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' Makefile

$(READY): requirements.lock pyproject.toml
	@PYTHON=$(PYTHON) .ci/setup

book: $(READY) ## build the rendered book and print its address
	@$(RUN) -m book.execute
	@$(RUN) -m autograder release
	@$(MAKE) --no-print-directory $(PAGE)
	@echo "The book: file://$(CURDIR)/$(PAGE)"

# Sphinx hides warnings of pages that did not change, so the book is always built whole.
$(PAGE): $(SOURCES)
	@rm -rf _build
	@echo "building the book …"
	@.venv/bin/jupyter-book build . -q -W -n --keep-going
	@touch $@

serve: book ## build the book and serve it on this machine
	@echo "http://127.0.0.1:$(PORT)/book/preface.html (stop with Ctrl-C)"
	@$(RUN) -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

execute: $(READY) ## run again the chapters whose text, imports or lock file changed
	@$(RUN) -m book.execute

release: $(READY) ## make the students' versions of the exercises
	@$(RUN) -m autograder release

lab: $(READY) ## open the exercises in JupyterLab; your work is never overwritten
	@$(RUN) -m autograder release
	@$(RUN) -m autograder lab lab
	@cd lab && ../.venv/bin/jupyter lab

grade: $(READY) ## grade autograder/submitted/STUDENT/ASSIGNMENT/: marks and feedback
	@$(RUN) -m autograder release
	@$(RUN) -m autograder grade

test: $(READY) ## everything that guards the project
	@echo "style and types …"
	@$(RUN) -m ruff check --quiet .
	@$(RUN) -m ruff format --check --quiet .
	@$(RUN) -m mypy gensrc autograder book
	@OMP_NUM_THREADS=1 $(RUN) -m pytest -n auto --dist loadscope --durations=20

check: $(READY) ## everything about one chapter: make check CHAPTER=gans
	@OMP_NUM_THREADS=1 $(RUN) -m tests.support.check "$(CHAPTER)"

system: $(READY) ## install what some tests need (chromium, bubblewrap, …); asks first
	@.ci/system
	@.ci/axe

bench: $(READY) ## measure against other libraries, side by side
	@for file in benchmarks/[a-z]*.py; do $(RUN) $$file || exit 1; done

clean: ## remove what was built; your work, submissions and marks stay
	rm -rf _build autograder/source autograder/release .pytest_cache .mypy_cache .ruff_cache .hypothesis
