# softrealm: short names over Meson and Ninja.
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)
	@ln -sf cli/softrealm $(BUILD)/softrealm

$(BUILD)/build.ninja:
	@tools/need-packages build
	meson setup --prefix=$(PREFIX) $(BUILD)

# A Debian kernel boots in a realm.
demo: all
	@demo/run $(BUILD)

# Everything: unit tests, the same under sanitizers, end to end.
test: test-deps all
	@tests/run $(BUILD)

# What takes longer, or needs more packages: fresh systems, foreign programs, a browser.
test-more: more-deps all
	@tests/run $(BUILD) more

# The figures that docs/ and the README speak of.
bench: test-deps all
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

install: all
	@meson configure $(BUILD) -Dprefix=$(PREFIX)
	@meson install -C $(BUILD) --destdir "$(DESTDIR)"

uninstall: $(BUILD)/build.ninja
	@tools/uninstall $(BUILD) "$(DESTDIR)" $(PREFIX)

deps test-deps:
	@tools/need-packages test

more-deps:
	@tools/need-packages more

clean:
	rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-tsan $(BUILD)-fuzz $(BUILD)-fuzz-proof

.PHONY: all demo test bench fuzz fuzz-proof install uninstall deps test-deps test-more more-deps clean
