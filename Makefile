# Thin: every target only calls the real tools. `make demo` and `make test` each suffice on a fresh
# machine.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
DESTDIR ?=
CARGO ?= cargo
PYTHON ?= python3
# Where everything here looks for what was built, whatever the environment says.
export CARGO_TARGET_DIR := $(CURDIR)/target

# The version lives in Cargo.toml, the number of the ABI in capi/build.rs.
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
ABI := $(shell sed -n 's/^const ABI: u32 = \(.*\);/\1/p' capi/build.rs)
SONAME := libhooks.so.$(ABI)
LIBRARY := $(SONAME).$(shell echo '$(VERSION)' | cut -d. -f2,3)
MAN := $(patsubst docs/man/%.md,target/man/%,$(wildcard docs/man/*.md))

.DEFAULT_GOAL := build
.PHONY: help build demo test check docs lint bench fuzz fuzz-long install man wheel deps header rust-api clean

help: ## say what the targets are
	@sed -n 's/^\([a-z-]*\):.*## /make \1: /p' Makefile | expand -t 16

build: ## libhooks.so, libhooks.a and oci-hooks, in target/release
	$(CARGO) build --release --locked

demo: deps ## inject examples/hooks.d into a config, show what and why, run a container with it
	@examples/demo

test: deps ## every test; ends in a summary; see tests/README.md
	@tests/run

lint: ## formatters and linters of every language here
	@tools/lint

check: ## the tests of the Rust code, under three minutes after a build
	@tests/run cargo

docs: target/tools/bin/mdbook ## a book of all documents, with search, in target/book
	@tools/book.py

target/tools/bin/mdbook:
	@echo 'installing mdbook, in target/tools: this takes some minutes' >&2
	env -u CARGO_TARGET_DIR $(CARGO) install -q --locked --root target/tools \
	    --no-default-features --features search mdbook@0.5.4

bench: deps ## libhooks beside the reference, measured in turns: a table, and target/bench/report.json
	@benches/run

fuzz: deps ## every fuzz target for FUZZ_SECONDS (60), from its corpus; see fuzz/README.md
	@tools/fuzz run

fuzz-long: deps ## the same for hours: FUZZ_RUNS (500000) executions each
	@tools/fuzz long

man: $(MAN) ## the manual pages, in target/man (go-md2man or Go makes them)

target/man/%: docs/man/%.md tools/md2man
	tools/md2man '$<' '$@'

deps: ## install what demo, test and lint need (Debian, as root), or say how
	@tools/deps

header: ## write include/hooks.h anew
	UPDATE=1 $(CARGO) test -q -p libhooks-capi --test header

rust-api: ## write abi/rust anew: the public API of the Rust crates
	UPDATE=1 tests/suites/rust_api.sh

install: build ## install under PREFIX (DESTDIR, BINDIR, LIBDIR, INCLUDEDIR, DATADIR)
	install -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(LIBDIR)/pkgconfig' '$(DESTDIR)$(INCLUDEDIR)/libhooks'
	install -m 755 target/release/libhooks.so '$(DESTDIR)$(LIBDIR)/$(LIBRARY)'
	ln -sf '$(LIBRARY)' '$(DESTDIR)$(LIBDIR)/$(SONAME)'
	ln -sf '$(SONAME)' '$(DESTDIR)$(LIBDIR)/libhooks.so'
	install -m 644 target/release/libhooks.a '$(DESTDIR)$(LIBDIR)/libhooks.a'
	install -m 644 include/hooks.h '$(DESTDIR)$(INCLUDEDIR)/libhooks/hooks.h'
	tools/pkgconfig '$(PREFIX)' '$(LIBDIR)' '$(INCLUDEDIR)' '$(VERSION)' > target/libhooks.pc
	tools/pkgconfig '$(PREFIX)' '$(LIBDIR)' '$(INCLUDEDIR)' '$(VERSION)' static > target/libhooks-static.pc
	install -m 644 target/libhooks.pc target/libhooks-static.pc '$(DESTDIR)$(LIBDIR)/pkgconfig'
	install -m 755 target/release/oci-hooks '$(DESTDIR)$(BINDIR)/oci-hooks'
	for shell in bash zsh fish; do target/release/oci-hooks completion $$shell > target/completion.$$shell || exit 1; done
	install -D -m 644 target/completion.bash '$(DESTDIR)$(DATADIR)/bash-completion/completions/oci-hooks'
	install -D -m 644 target/completion.zsh '$(DESTDIR)$(DATADIR)/zsh/site-functions/_oci-hooks'
	install -D -m 644 target/completion.fish '$(DESTDIR)$(DATADIR)/fish/vendor_completions.d/oci-hooks.fish'
# All but the manual is there without go-md2man. Who packages it says `make man install`, which
# fails without.
	@if $(MAKE) --no-print-directory man; then \
	    for page in $(MAN); do \
	        install -D -m 644 "$$page" '$(DESTDIR)$(MANDIR)'"/man$${page##*.}/$${page##*/}" || exit 1; \
	    done; \
	else echo 'NOT INSTALLED: the manual pages (see above); everything else is' >&2; fi

wheel: build ## the Python package with the library in it, in target/wheel
	[ -x target/python/build/bin/pip ] || $(PYTHON) -m venv target/python/build
	rm -rf target/wheel bindings/python/build
	target/python/build/bin/pip wheel -q --no-deps --wheel-dir target/wheel bindings/python
	target/python/build/bin/python bindings/python/check_wheel.py target/wheel/*.whl

clean: ## remove what was built
	$(CARGO) clean
