# make run: serve the page on http://127.0.0.1:7860      make test: run all tests
# make lint: style, types and docstrings                 make bench: speed side by side
# make test-3.12: the tests on the Space's Python        make fuzz: bad files without end
# make soak: the server under load                       make audit: known holes in what is installed
# make web: the page that needs no server, on http://127.0.0.1:7861
# make weights DATA=folder: data to pack
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= ../shared/data/cifake
PHOTOS ?= ../shared/data/photos/photos.parquet
ORIGINALS ?= runs/originals
TRAIN = $(BIN)/python -m training

.PHONY: run test test-3.12 web lint weights evaluate generators photos litert reproductions bench \
  fuzz soak audit screenshots clean

run: $(VENV)/run.stamp
	$(BIN)/python app.py

test: $(VENV)/test.stamp $(VENV)/web.stamp
	$(BIN)/python -m pytest -n 2

# On the Python of the Space, see the front matter of README; `make test` takes the one at hand.
test-3.12:
	$(MAKE) test VENV=.venv-3.12 PYTHON=python3.12

web: $(VENV)/web.stamp
	$(BIN)/python -m web.build
	$(BIN)/python -m web.serve

lint: $(VENV)/lint.stamp
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/python -m numpydoc lint app.py real_or_ai.py $$(find benchmarks ensemble examples page \
	  training web -name '*.py' -not -path '*/node_modules/*')

# One stamp a list of requirements: nothing is installed twice, and a changed list is noticed.
$(VENV)/run.stamp: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -r requirements.txt
	touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp training/requirements.txt \
  ensemble/score/requirements.txt tests/requirements.txt
	$(BIN)/python -m pip install -q -r tests/requirements.txt
	touch $@

# npm comes with a package of pip's, as not every machine has it.
$(VENV)/web.stamp: $(VENV)/run.stamp web/requirements.txt web/package-lock.json
	$(BIN)/python -m pip install -q -r web/requirements.txt
	$(BIN)/npm ci --prefix web
	touch $@

$(VENV)/lint.stamp: $(VENV)/run.stamp tests/requirements-lint.txt
	$(BIN)/python -m pip install -q -r tests/requirements-lint.txt
	touch $@

# Every step can be resumed: start the command again and it goes on after the last whole epoch.
weights: $(VENV)/test.stamp
	$(TRAIN) dcgan --data $(DATA)/train.parquet --out runs/dcgan
	$(TRAIN) fit cnn --data $(DATA)/train.parquet --generator runs/dcgan/generator.keras
	$(TRAIN) fit resnet --data $(DATA)/train.parquet --generator runs/dcgan/generator.keras
	$(TRAIN) fit svm --data $(DATA)/train.parquet
	$(TRAIN) export --data $(DATA)/train.parquet --out weights/cifake
	$(TRAIN) quantise --data $(DATA)/train.parquet
	$(TRAIN) resize --photos $(PHOTOS)
	$(MAKE) evaluate

evaluate: $(VENV)/test.stamp
	$(TRAIN) evaluate --data $(DATA)/test.parquet --out weights/cifake/reports/evaluate.json
	$(TRAIN) robustness --data $(DATA)/test.parquet --out weights/cifake/reports/robustness.json
	$(TRAIN) report

# Two generators, of which the pack has met one, and what it makes of them.
generators: $(VENV)/test.stamp
	$(TRAIN) dcgan --data $(DATA)/train.parquet --out runs/dcgan
	$(TRAIN) ddpm --data $(DATA)/train.parquet --out runs/ddpm
	$(TRAIN) generators --data $(DATA)/test.parquet --out weights/cifake/reports/generators.json \
	  dcgan=runs/dcgan/generator.keras ddpm=runs/ddpm/generator.keras
	$(TRAIN) report

# The networks for small machines, and what that costs.
litert: $(VENV)/test.stamp
	$(TRAIN) litert --train $(DATA)/train.parquet --data $(DATA)/test.parquet --out runs/litert
	cp runs/litert/litert.json weights/cifake/reports/
	$(TRAIN) report

# The student systems' models on CIFAKE, as far as two cores get within an hour or two.
reproductions: $(VENV)/test.stamp
	$(TRAIN) reproduce --train $(DATA)/train.parquet --data $(DATA)/test.parquet

# The second pack, for photographs: the listed originals are brought (MIRROR: a folder of
# repositories that are on disk already), then it is measured fold by fold and trained on all.
photos: $(VENV)/test.stamp
	$(TRAIN) collect --out $(ORIGINALS) $(if $(MIRROR),--mirror $(MIRROR))
	$(TRAIN) make_photos --originals $(ORIGINALS) --out weights/photos
	$(TRAIN) report --pack weights/photos

bench: $(VENV)/test.stamp $(VENV)/web.stamp
	$(BIN)/python -m benchmarks

# Bad files without end; `make fuzz FUZZ="--count 1000000 --seeds FOLDER"` for more.
fuzz: $(VENV)/test.stamp
	$(BIN)/python -m tests.fuzz $(FUZZ)

# Some minutes. Thousands of requests, and photographs of up to 24 megapixels.
soak: $(VENV)/test.stamp
	$(BIN)/python -m benchmarks.soak

# Asks the Python Package Index; where it can't be asked, a package counts as not audited: it fails.
audit: $(VENV)/lint.stamp
	$(BIN)/python -m pip_audit --local --strict

screenshots: $(VENV)/test.stamp $(VENV)/web.stamp
	$(BIN)/python -m tests.screenshots screenshots
	$(BIN)/python -m tests.screenshots_web screenshots

clean:
	rm -rf web/dist web/node_modules $(VENV) .pytest_cache .mypy_cache .ruff_cache screenshots
