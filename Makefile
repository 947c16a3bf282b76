# Everything starts here; see README.md. Each target installs what it needs (tools/setup) and may be run again.
JOBS ?= $(shell nproc)
export CCACHE_NOHASHDIR = 1

.PHONY: all demo test unit e2e soak layers sanitize bench fuzz check format integration docs clean setup

all: release

setup:
	@tools/setup

release: setup
	@echo "build: release, into build/release"
	@cmake --preset release --log-level=WARNING
	@cmake --build build/release -j $(JOBS)

demo: setup
	@echo "build: release, into build/release"
	@cmake --preset release --log-level=WARNING
	@cmake --build build/release -j $(JOBS) --target weir
	@tools/demo/run build/release/weir

# Unit, case, simulation and end-to-end tests; what CI runs.
test: layers unit e2e

unit: release
	@echo "test: unit, case and simulation tests"
	@ctest --test-dir build/release --output-on-failure -j $(JOBS)

layers: setup
	@python3 tests/layers.py

e2e: release
	@echo "test: end to end, with aws-cli, boto3 and the JavaScript SDK"
	@/usr/bin/python3 -m pytest -q -p no:cacheprovider tests/e2e

# Ten minutes of mixed load; not part of `make test`.
soak: release
	@echo "soak: ten minutes of mixed load"
	@/usr/bin/python3 tests/soak.py

# The same tests under ASan+UBSan and under TSan.
sanitize: setup
	@cmake --preset debug --log-level=WARNING && cmake --build build/debug -j $(JOBS)
	@LSAN_OPTIONS="suppressions=$(CURDIR)/tests/lsan.supp" ctest --test-dir build/debug --output-on-failure -j $(JOBS)
	@LSAN_OPTIONS="suppressions=$(CURDIR)/tests/lsan.supp:print_suppressions=0" WEIR=build/debug/weir /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/e2e
	@cmake --preset tsan --log-level=WARNING && cmake --build build/tsan -j $(JOBS)
	@TSAN_OPTIONS="suppressions=$(CURDIR)/tests/tsan.supp" ctest --test-dir build/tsan --output-on-failure -j $(JOBS)
	@TSAN_OPTIONS="suppressions=$(CURDIR)/tests/tsan.supp" WEIR=build/tsan/weir /usr/bin/python3 -m pytest -q -p no:cacheprovider tests/e2e

bench: release
	@cmake --preset bench --log-level=WARNING
	@cmake --build build/bench -j $(JOBS)
	@bench/run

FUZZ_SECONDS ?= 60
fuzz: setup
	@cmake --preset fuzz --log-level=WARNING
	@cmake --build build/fuzz -j $(JOBS)
	@for target in build/fuzz/*_fuzz; do \
	  echo "fuzz: $$(basename $$target) for $(FUZZ_SECONDS) s"; \
	  LSAN_OPTIONS="suppressions=$(CURDIR)/tests/lsan.supp" $$target -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=4096 -timeout=10 -print_final_stats=0 -verbosity=0 || exit 1; \
	done

# Format, clang-tidy with findings as errors, allowed includes.
check: setup layers
	@echo "check: format"
	@git ls-files '*.h' '*.cc' | xargs clang-format-16 --dry-run -Werror
	@echo "check: clang-tidy"
	@cmake --preset dev -B build/check -DWEIR_BENCHES=ON -DWEIR_FUZZERS=ON --log-level=WARNING
	@git ls-files 'src/*.cc' | grep -v _test.cc | xargs -P $(JOBS) -n 8 clang-tidy-16 -p build/check --quiet --extra-arg=-Wno-unknown-warning-option

format:
	@git ls-files '*.h' '*.cc' | xargs clang-format-16 -i

# Optional: against Trino and newest clients, where their registries are reachable.
integration: release
	@tests/integration/run

# The reference pages that are made from the code.
docs: release
	@build/release/weir config reference > docs/settings.md
	@build/release/weir reference operations > docs/operations.md
	@build/release/weir reference compatibility < docs/compatibility.md > build/compatibility.md
	@mv build/compatibility.md docs/compatibility.md

clean:
	@rm -rf build
