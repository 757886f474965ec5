# make run: serve the page on http://127.0.0.1:7860      make test: run all tests
# make lint: style, types and docstrings                 make bench: speed side by side
# make weights DATA=folder: data to pack
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DATA ?= ../shared/data/cifake
PHOTOS ?= ../shared/data/photos/photos.parquet
TRAIN = $(BIN)/python -m training

.PHONY: run test lint weights evaluate generators photos litert reproductions bench screenshots clean

run: $(VENV)/run.stamp
	$(BIN)/python app.py

test: $(VENV)/test.stamp
	$(BIN)/python -m pytest -n 2

lint: $(VENV)/lint.stamp
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/python -m numpydoc lint app.py \
	  $$(find benchmarks ensemble examples page training -name '*.py')

# One stamp a list of requirements: nothing is installed twice, and a changed list is noticed.
$(VENV)/run.stamp: requirements.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q -r requirements.txt
	touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp training/requirements.txt tests/requirements.txt
	$(BIN)/python -m pip install -q -r tests/requirements.txt
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

# The second pack, for photographs: measured fold by fold, then trained on all of them.
photos: $(VENV)/test.stamp
	$(TRAIN) make_photos --data $(PHOTOS) --out weights/photos
	$(TRAIN) report --pack weights/photos

bench: $(VENV)/test.stamp
	$(BIN)/python -m benchmarks

screenshots: $(VENV)/test.stamp
	$(BIN)/python -m tests.screenshots screenshots

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache screenshots
