# softrealm: short names over Meson and Ninja.
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
# CI says true: there a warning of the compilers that we know is an error.
WERROR ?= false

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)
	@ln -sf cli/softrealm $(BUILD)/softrealm

# Only those targets install packages whose purpose needs them: demo, test, bench, fuzz, deps.
$(BUILD)/build.ninja:
	@tools/need-packages --check build
	meson setup --prefix=$(PREFIX) -Dwerror=$(WERROR) $(BUILD)

# A Debian kernel boots in a realm.
demo:
	@tools/need-packages build
	@$(MAKE) --no-print-directory all
	@$(BUILD)/softrealm demo --attest $(BUILD)/demo.token

# Unit tests, the same under sanitizers, end to end: a quarter of an hour.
test: test-deps
	@$(MAKE) --no-print-directory all
	@WERROR=$(WERROR) tests/run $(BUILD)

# What takes longer, or needs more packages: fresh systems, foreign programs, a browser.
test-more: more-deps
	@$(MAKE) --no-print-directory all
	@WERROR=$(WERROR) tests/run $(BUILD) more

# The figures that docs/ and the README speak of.
bench: test-deps
	@$(MAKE) --no-print-directory all
	@bench/run $(BUILD)

# Each fuzzer for a while, from its committed corpus.
SECONDS ?= 60
fuzz: all
	@tools/need-packages fuzz
	@fuzz/run -t $(SECONDS) -b $(BUILD)-fuzz

# The fuzzers find faults that are planted in a copy of the sources.
fuzz-proof:
	@tools/need-packages fuzz
	@tests/fuzz/proof -b $(BUILD)-fuzz-proof

# As root, of a build that is somebody else's, only what stands there is installed.
install:
	@[ -e $(BUILD)/build.ninja ] && [ ! -O $(BUILD)/build.ninja ] || \
		$(MAKE) --no-print-directory all
	@tools/install $(BUILD) "$(DESTDIR)" "$(PREFIX)"

uninstall:
	@tools/install --remove $(BUILD) "$(DESTDIR)" "$(PREFIX)"

# The source of what is committed, as an archive.
dist:
	@tools/dist

deps test-deps:
	@tools/need-packages test

more-deps:
	@tools/need-packages more

clean:
	rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-tsan $(BUILD)-fuzz $(BUILD)-fuzz-proof $(BUILD)-clang

.PHONY: all demo test bench fuzz fuzz-proof install uninstall dist deps test-deps test-more more-deps clean
