# Everything a person types. The build itself is in meson.build.
BUILD := build
PREFIX := /usr/local
# The targets here are steps one after another; ninja is the one who builds side by side.
.NOTPARALLEL:
.PHONY: all setup deps test-deps test demo run bench bench-calls bench-service bench-documents loss-table fuzz-calls lint fuzz hostile chaos chaos-inbound install clean

all: deps setup
	@ninja -C $(BUILD) --quiet
	@scripts/collect $(BUILD)

deps:
	@scripts/deps build

test-deps:
	@scripts/deps test

setup:
	@[ -f $(BUILD)/build.ninja ] || meson setup $(BUILD) >$(BUILD).log 2>&1 || { cat $(BUILD).log; rm -f $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log

test: test-deps all
	@test/run $(BUILD) $(if $(ONLY),"$(ONLY)")

demo: all
	@scripts/demo $(BUILD) $(if $(PACED),--paced)

run: all
	@$(BUILD)/bin/faxwire dev

bench: test-deps all
	@test/bench/run $(BUILD)

# The renderer beside gs, pdftoppm and mutool, the coders beside libtiff, on a corpus that it makes: make bench-documents ROUNDS=5
bench-documents: ROUNDS := 5
bench-documents: all
	@test/bench/documents $(BUILD) $(ROUNDS)

# Faxes at once, both ends on this machine at line speed: make bench-calls CALLS="500 1000"; the largest number: FIND=1
bench-calls: CALLS ?= 500
bench-calls: all
	@$(BUILD)/test/bench/calls_bench $(if $(FIND),--find $(firstword $(CALLS)),$(CALLS))

# The same through two whole services, API to API: make bench-service CALLS="100 500"
bench-service: CALLS ?= 500
bench-service: test-deps all
	@cd test/e2e && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --loglevel=error; }
	@FAXWIRE_BUILD=$(abspath $(BUILD)) node test/bench/service.mjs $(CALLS)

# What loss does to faxes, in counted time; writes the table into doc/benchmarks.md
loss-table: all
	@test/sim/loss-table $(abspath $(BUILD)) $(SEED)

# Mutated T.38 calls: make fuzz-calls CALLS=50000 [SEED=1]
fuzz-calls: CALLS ?= 50000
fuzz-calls: all
	@$(BUILD)/test/sim/calls_fuzz $(CALLS) $(SEED)

# A million faxes that wait: make bench-queue [QUEUED=1000000]
QUEUED := 1000000
.PHONY: bench-queue
bench-queue: test-deps all
	@test/bench/queue $(BUILD) $(QUEUED)

lint: test-deps
	@python3 test/style/lint.py

# Longer fuzzing of every parser of outside bytes: make fuzz SECONDS=600
SECONDS := 60
fuzz: test-deps all
	@test/fuzz/run $(SECONDS)

# All hostile documents, also those that work until a limit of time
hostile: test-deps all
	@HOSTILE=all $(BUILD)/test/unit/render/hostile_test

# Programs killed at random while faxes flow: make chaos FAXES=500 CHAOS_SECONDS=120 [SEED=7]
FAXES := 200
CHAOS_SECONDS := 40
chaos: test-deps all
	@cd test/e2e && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --loglevel=error; }
	@FAXWIRE_BUILD=$(abspath $(BUILD)) node test/e2e/chaos.mjs --faxes $(FAXES) --seconds $(CHAOS_SECONDS) $(if $(SEED),--seed $(SEED))

# The same for faxes that come in: a service that faxes itself. make chaos-inbound FAXES=20000 CHAOS_SECONDS=3000
chaos-inbound: test-deps all
	@cd test/e2e && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --loglevel=error; }
	@FAXWIRE_BUILD=$(abspath $(BUILD)) node test/e2e/chaos-inbound.mjs --faxes $(FAXES) --seconds $(CHAOS_SECONDS) $(if $(SEED),--seed $(SEED))

install: all
	@install -d $(DESTDIR)$(PREFIX)/bin
	@install $(BUILD)/bin/faxwire $(BUILD)/bin/faxwire-* $(DESTDIR)$(PREFIX)/bin

clean:
	rm -rf $(BUILD) build-fuzz
