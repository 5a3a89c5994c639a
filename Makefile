# Every target only calls other tools. `make demo` and `make test` each work on a fresh machine.

PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DATADIR ?= $(PREFIX)/share
MANDIR ?= $(DATADIR)/man
DESTDIR ?=
CARGO ?= cargo
PYTHON ?= python3
# All tools here expect the build in this directory, so a value from the environment is replaced.
export CARGO_TARGET_DIR := $(CURDIR)/target

# Cargo.toml has the version, and capi/build.rs the number of the ABI.
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
ABI := $(shell sed -n 's/^const ABI: u32 = \(.*\);/\1/p' capi/build.rs)
SONAME := libhooks.so.$(ABI)
LIBRARY := $(SONAME).$(shell echo '$(VERSION)' | cut -d. -f2,3)
MAN := $(patsubst docs/man/%.md,target/man/%,$(wildcard docs/man/*.md))

.DEFAULT_GOAL := build
.PHONY: help build demo test check docs lint bench fuzz fuzz-long install man wheel deps \
    header rust-api clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /make \1: /p' Makefile | expand -t 16

build: ## build libhooks.so, libhooks.a and oci-hooks, in target/release
	$(CARGO) build --release --locked

demo: deps ## inject examples/hooks.d into a config, explain it, run a container with it
	@examples/demo

test: deps ## run all tests, and print a summary; see tests/README.md
	@tests/run

lint: ## run the formatters and linters of every language
	@tools/lint

check: ## run the tests of the Rust code, under three minutes after a build
	@tests/run cargo

docs: target/tools/bin/mdbook ## make a book of all documents, with search, in target/book
	@tools/book.py

target/tools/bin/mdbook:
	@echo 'installing mdbook, in target/tools: this takes some minutes' >&2
	env -u CARGO_TARGET_DIR $(CARGO) install -q --locked --root target/tools \
	    --no-default-features --features search mdbook@0.5.4

bench: deps ## compare libhooks with the reference: a table, and target/bench/report.json
	@benches/run

fuzz: deps ## run every fuzz target for FUZZ_SECONDS (60), from its corpus; see fuzz/README.md
	@tools/fuzz run

fuzz-long: deps ## run every fuzz target for hours: FUZZ_RUNS (500000) executions each
	@tools/fuzz long

man: $(MAN) ## make the manual pages, in target/man, with go-md2man or Go

target/man/%: docs/man/%.md tools/md2man
	tools/md2man '$<' '$@'

deps: ## install the packages for demo, test and lint (Debian, as root), or list them
	@tools/deps

header: ## generate include/hooks.h
	UPDATE=1 $(CARGO) test -q -p libhooks-capi --test header

rust-api: ## generate abi/rust: the public API of the Rust crates
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
	for shell in bash zsh fish; do \
	    target/release/oci-hooks completion $$shell > target/completion.$$shell || exit 1; \
	done
	install -D -m 644 target/completion.bash '$(DESTDIR)$(DATADIR)/bash-completion/completions/oci-hooks'
	install -D -m 644 target/completion.zsh '$(DESTDIR)$(DATADIR)/zsh/site-functions/_oci-hooks'
	install -D -m 644 target/completion.fish '$(DESTDIR)$(DATADIR)/fish/vendor_completions.d/oci-hooks.fish'
# Without go-md2man, everything but the manual pages is installed. For a package, use
# `make man install`, which fails without go-md2man.
	@if $(MAKE) --no-print-directory man; then \
	    for page in $(MAN); do \
	        install -D -m 644 "$$page" '$(DESTDIR)$(MANDIR)'"/man$${page##*.}/$${page##*/}" || exit 1; \
	    done; \
	else echo 'NOT INSTALLED: the manual pages (see above); all other files are installed' >&2; fi

wheel: build ## build the Python package with the library in it, in target/wheel
	[ -x target/python/build/bin/pip ] || $(PYTHON) -m venv target/python/build
	rm -rf target/wheel bindings/python/build
	target/python/build/bin/pip wheel -q --no-deps --wheel-dir target/wheel bindings/python
	target/python/build/bin/python bindings/python/check_wheel.py target/wheel/*.whl

clean: ## remove the build
	$(CARGO) clean
