# SPDX-License-Identifier: GPL-2.0
# `make help` says what there is. What the modules are made of stands in Kbuild.

# Kbuild reads this file only where there is no Kbuild; it is for people.
KERNELRELEASE_RUNNING := $(shell uname -r)
KDIR ?= /lib/modules/$(KERNELRELEASE_RUNNING)/build
K ?= 6.1 6.12 debug
FILTER ?= *

version = $(shell sed -n 's/^.define KINETD_VERSION[[:space:]]*"\(.*\)"/\1/p' core/*.[ch])
release = $(shell cat $(KDIR)/include/config/kernel.release)
srcdir = $(DESTDIR)/usr/src/kinetd-$(version)

.PHONY: modules install dkms install-tools clean help deps suites tools lint test test-alone demo check \
	bench bench-host

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

# Where protocol modules of others find the interface: headers, and per kernel the
# symbols' checksums.
install: modules
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) \
		CONFIG_MODULE_SIG_ALL= modules_install
	$(if $(DESTDIR),,depmod $(release))
	install -d $(srcdir)/include/kinetd $(srcdir)/$(release)
	install -m 644 include/kinetd/*.h $(srcdir)/include/kinetd
	install -m 644 Module.symvers $(srcdir)/$(release)/Module.symvers

# Sources and what dkms is to do with them, in the folder that `make install` uses.
dkms_sources = $(filter-out %.mod.c,$(wildcard Kbuild */Kbuild core/*.[ch] proto/*.[ch] client/*.[ch] \
	include/kinetd/*.h))
dkms:
	rm -rf $(addprefix $(srcdir)/,core proto client include)
	for file in $(dkms_sources); do install -D -m 644 $$file $(srcdir)/$$file || exit; done
	sed 's/@VERSION@/$(version)/' dkms.conf >$(srcdir)/dkms.conf

# Programs, their man pages and completions, and what brings a configuration up at boot.
PREFIX ?= /usr
install-tools: tools
	sphinx-build -q -b man Documentation build/man
	install -d $(addprefix $(DESTDIR)$(PREFIX)/,sbin bin share/man/man1 share/man/man5 share/man/man8 \
		share/bash-completion/completions lib/systemd/system lib/modules-load.d) \
		$(DESTDIR)/etc/kinetd
	install -m 755 build/tools/kinetctl $(DESTDIR)$(PREFIX)/sbin
	install -m 755 build/tools/kinetload $(DESTDIR)$(PREFIX)/bin
	install -m 644 build/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 build/man/*.5 $(DESTDIR)$(PREFIX)/share/man/man5
	install -m 644 build/man/*.8 $(DESTDIR)$(PREFIX)/share/man/man8
	for file in tools/completion/*.bash; do install -m 644 $$file \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$(basename $$file .bash) || exit; done
	sed 's,/usr/sbin/,$(PREFIX)/sbin/,' tools/systemd/kinetd.service \
		>$(DESTDIR)$(PREFIX)/lib/systemd/system/kinetd.service
	install -m 644 tools/systemd/kinetd.conf $(DESTDIR)$(PREFIX)/lib/modules-load.d

clean:
	[ ! -d $(KDIR) ] || $(MAKE) -C $(KDIR) M=$(CURDIR) clean
	rm -rf build

deps:
	tests/vm/deps

# build/<kernel>, for the guests: 6.1, 6.12 or debug
modules-%:
	tests/vm/modules $*

suites:
	cmake -S tests -B build/tests -Wno-dev >/dev/null
	+nice cmake --build build/tests -j $$(nproc)

tools:
	cmake -S tools -B build/tools -Wno-dev >/dev/null
	+nice cmake --build build/tools -j $$(nproc) --target kinetctl kinetload

lint:
	tests/lint/all

# The builds, too, wait for another run, which has the programs in its guests.
test:
	@tests/vm/alone $(MAKE) --no-print-directory test-alone

test-alone: suites tools
	tests/vm/test -f '$(FILTER)' $(K)

# ROUNDS= of the table of instructions, WALL_ROUNDS= of that of wall time, LOADS= some of all
bench: K = 6.12 6.1
bench:
	nice tests/bench/bench $(addprefix -k ,$(K)) $(if $(ROUNDS),-r $(ROUNDS)) \
		$(if $(WALL_ROUNDS),-w $(WALL_ROUNDS)) $(LOADS)

bench-host:
	@tests/bench/bench --may-load
	+@$(if $(KINETD_BENCH_MODULES),,$(MAKE) modules)
	tests/bench/bench -H $(if $(WALL_ROUNDS),-w $(WALL_ROUNDS)) $(LOADS)

demo:
	tests/vm/deps modules
	tests/vm/modules 6.12
	tests/vm/demo

check:
	tests/vm/check

help:
	@echo 'Build (C modules; for the running kernel, or KDIR=/path/to/kernel/build)'
	@echo '  make [modules]   core/kinetd.ko, proto/*.ko, client/*.ko'
	@echo '  make install     the modules below /lib/modules; for modules of others the headers in'
	@echo '                   /usr/src/kinetd-$(version)/include and KBUILD_EXTRA_SYMBOLS in'
	@echo '                   /usr/src/kinetd-$(version)/<kernel>/Module.symvers (DESTDIR= goes before all)'
	@echo '  make dkms        the sources there, too, for `dkms install kinetd/$(version)`: a build for each kernel'
	@echo '  make install-tools  kinetctl and kinetload, their man pages and completions, kinetd.service'
	@echo '                   (PREFIX=/usr, DESTDIR=)'
	@echo '  make clean       removes everything built in this tree'
	@echo 'Look'
	@echo '  make demo        boots a guest that serves echo on a port of this host, gives a shell in it'
	@echo '                   (DEMO_PORT=, and for scripts DEMO_TIMEOUT=seconds)'
	@echo 'Check (Debian 12; the guests run in QEMU, nothing is loaded into this kernel)'
	@echo '  make check       everything: deps, lint, builds, suites on every kernel; ends in a count'
	@echo '  make test        the suites: K="6.1 6.12 6.12+inline debug" there, FILTER=glob of test names,'
	@echo '                   KINETD_FULL=1 for their long versions, KINETD_STOPS=1 for guests that'
	@echo '                   stand still now and then, with KINETD_TIME=2 for both'
	@echo '  make lint        static checks'
	@echo '  make suites      the test programs, into build/tests'
	@echo '  make tools       kinetctl and kinetload, into build/tools'
	@echo '  make modules-K   the modules for one guest (6.1, 6.12, debug), into build/K'
	@echo '  make bench       kinetd beside the best of user space, in guests: K="6.12 6.1", ROUNDS=3,'
	@echo '                   WALL_ROUNDS=3, LOADS="tcp:1x64 memory ..."; tables, JSON, plots in build/bench'
	@echo '  make bench-host  the same on this machine, wall time alone: as root, for it loads the modules'
	@echo '                   into the running kernel, and unloads them'
	@echo '  make deps        installs the Debian packages that all this needs'
	@echo 'Kernels are unpacked and built in $${KINETD_CACHE:-~/.cache/kinetd}.'
