# tapfinger: GNU make, no configure step.
#
#   make                             program, libraries, tests' programs are built on demand
#   make check                       all tests; ends with "N passed, N failed"
#   make SAN=address,undefined check the same under sanitizers, in a folder of its own
#   make fuzz FUZZ=scenario SECONDS=600   a fuzz target, with clang
#   make bench                       measures, and writes the figures into docs/performance.md
#   make tidy                        format, floors, complexity, banned calls, headers, cppcheck, clang-tidy
#   make cover                       which lines the tests reach
#   make docs | install | clean
#   make retrain | retrain-general   the models that ship, from nothing
#
# Variables: CC, BUILD (folder), SAN, PREFIX, DESTDIR, WERROR=0 to keep warnings warnings.

CC       ?= cc
SAN      ?=
PREFIX   ?= /usr/local
WERROR   ?= 1
VERSION  := 0.1.0

comma    := ,
BUILD    ?= build$(if $(SAN),-$(subst $(comma),-,$(SAN)))

PACKAGES := yaml-0.1 jansson cairo sqlite3 zlib libzstd libmicrohttpd libcurl
PKG_CFLAGS := $(shell pkg-config --cflags $(PACKAGES))
PKG_LIBS   := $(shell pkg-config --libs $(PACKAGES))

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
            -Wvla -Wwrite-strings -Wcast-qual -Wundef -Wdouble-promotion -Wformat=2 -fno-common
# To clang, glibc's NAN is a float that is promoted; gcc keeps watch alone.
ifneq (,$(findstring clang,$(CC)))
WARNINGS := $(filter-out -Wdouble-promotion,$(WARNINGS))
endif
ifneq ($(WERROR),0)
WARNINGS += -Werror
endif

OPT      := $(if $(SAN),-O1 -g -fno-omit-frame-pointer -fsanitize=$(SAN) -fno-sanitize-recover=all,-O3 -g1)
CPPFLAGS += -D_GNU_SOURCE -DTAP_VERSION='"$(VERSION)"' -Iinclude -Isrc $(PKG_CFLAGS)
# The two -fno-* change no result; they let loops with comparisons and roots become vector code.
CFLAGS   += -std=c17 $(OPT) -ffp-contract=off -fno-trapping-math -fno-math-errno -fPIC -fvisibility=hidden -pthread $(WARNINGS)
LDFLAGS  += -pthread $(if $(SAN),-fsanitize=$(SAN)) $(findstring --coverage,$(OPT))
# GLPK has no .pc file.
LDLIBS   += $(PKG_LIBS) -lglpk -lm

# The commit is baked into one file, which is compiled again when it changes.
COMMIT := $(shell git describe --always --abbrev=12 --dirty=+ --exclude '*' 2>/dev/null)

# V=1 prints whole commands.
Q   := $(if $(V),,@)
say  = $(if $(V),,@printf '  %-3s %s\n' $(1) $(2))

# Floors, lowest first; src/cli is the program, all below it is the library.
LIB_FLOORS := base core nn sim agent policy bound trace marl backend store report serve library
LIB_SRC    := $(foreach floor,$(LIB_FLOORS),$(sort $(wildcard src/$(floor)/*.c)))
CLI_SRC    := $(sort $(wildcard src/cli/*.c))
LIB_OBJ    := $(LIB_SRC:src/%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/gen/web.o

# The files of web/ go into the program as bytes.
WEB        := $(sort $(wildcard web/*.js web/*.css))
CLI_OBJ    := $(CLI_SRC:src/%.c=$(BUILD)/obj/%.o)

# The network a second time with real = double, for the tests of its gradients.
DOUBLE_OBJ := $(patsubst src/%.c,$(BUILD)/obj-double/%.o,$(wildcard src/nn/*.c src/agent/*.c))

UNIT_SRC   := $(sort $(wildcard tests/unit/*/test_*.c))
GOLDEN_SRC := $(sort $(wildcard tests/golden/*.c))
UNIT_BIN   := $(patsubst %.c,$(BUILD)/tests/%,$(notdir $(UNIT_SRC)))
GOLDEN_BIN := $(patsubst %.c,$(BUILD)/tests/%,$(notdir $(GOLDEN_SRC)))
DOUBLE_BIN := $(filter %_gradients,$(UNIT_BIN)) $(BUILD)/tests/golden_network_double
FUZZ_SRC   := $(sort $(wildcard tests/fuzz/fuzz_*.c))
CORPUS_BIN := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/tests/test_corpus_%,$(FUZZ_SRC))
TEST_BIN   := $(sort $(UNIT_BIN) $(GOLDEN_BIN) $(DOUBLE_BIN) $(CORPUS_BIN))
BENCH_BIN  := $(patsubst bench/%.c,$(BUILD)/bench/%,$(sort $(wildcard bench/*.c)))

.PHONY: all check check-threads bench bench-programs headers tidy cover docs install uninstall clean tests fuzz
all: $(if $(CLI_SRC),$(BUILD)/tapfinger) $(BUILD)/libtapfinger.a $(BUILD)/libtapfinger.so

$(BUILD)/tapfinger: $(CLI_OBJ) $(BUILD)/libtapfinger.a
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/libtapfinger.a: $(LIB_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/libtapfinger.so: $(LIB_OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(LDFLAGS) -shared -Wl,-soname,libtapfinger.so.0 -o $@ $^ $(LDLIBS)

$(BUILD)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj-double/%.o: src/%.c
	@mkdir -p $(@D)
	$(call say,CC,"$< (double)")
	$(Q)$(CC) $(CPPFLAGS) -DNN_DOUBLE $(CFLAGS) -MMD -MP -c -o $@ $<

# Linked in front of libtapfinger.a, whose own nn and agent then stay out.
$(BUILD)/libtapfinger-double.a: $(DOUBLE_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/gen/web.c: tools/embed web $(WEB)
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)tools/embed $(WEB) > $@.new && mv $@.new $@

$(BUILD)/obj/gen/web.o: $(BUILD)/gen/web.c src/base/assets.h
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/commit: FORCE
	@mkdir -p $(@D)
	@echo '$(COMMIT)' | cmp -s - $@ || echo '$(COMMIT)' > $@
$(BUILD)/obj/base/version.o: $(BUILD)/commit
$(BUILD)/obj/base/version.o: CPPFLAGS += -DTAP_COMMIT='"$(COMMIT)"'
$(BUILD)/obj/policy/general_model.o: models/general.tap
$(BUILD)/obj/base/data_folders.o: CPPFLAGS += -DTAP_DATA_DIR='"$(PREFIX)/share/tapfinger"'
FORCE:

vpath test_%.c $(sort $(dir $(UNIT_SRC)))
TEST_CPPFLAGS := -Itests -DTEST_SOURCE_DIR='"$(CURDIR)"' -DTEST_BUILD_DIR='"$(abspath $(BUILD))"'

$(BUILD)/tests/test_%: test_%.c $(BUILD)/libtapfinger.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CPPFLAGS) $(TEST_CPPFLAGS) $(CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(BUILD)/libtapfinger.a -lcmocka $(LDLIBS)

$(GOLDEN_BIN): $(BUILD)/tests/%: tests/golden/%.c $(BUILD)/libtapfinger.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CPPFLAGS) $(TEST_CPPFLAGS) $(CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(BUILD)/libtapfinger.a $(LDLIBS)

$(CORPUS_BIN): $(BUILD)/tests/test_corpus_%: tests/fuzz/fuzz_%.c tests/fuzz/replay_corpus.c $(BUILD)/libtapfinger.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CPPFLAGS) -Itests/fuzz -DCORPUS='"$(CURDIR)/tests/fuzz/corpus/$*"' $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# make fuzz FUZZ=scenario SECONDS=600: libFuzzer (clang) with both sanitizers. What it finds is kept
# in build-fuzz/corpus-NAME; inputs worth keeping go to tests/fuzz/corpus/NAME by hand.
FUZZ    ?= scenario
SECONDS ?= 60
FUZZ_DIR := build-fuzz
fuzz:
	$(Q)$(MAKE) CC=clang BUILD=$(FUZZ_DIR) SAN=fuzzer-no-link,address,undefined $(FUZZ_DIR)/fuzz/fuzz_$(FUZZ)
	@mkdir -p $(FUZZ_DIR)/corpus-$(FUZZ)
	$(FUZZ_DIR)/fuzz/fuzz_$(FUZZ) -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=3000 -print_final_stats=1 \
	    -artifact_prefix=$(FUZZ_DIR)/ $(FUZZ_DIR)/corpus-$(FUZZ) tests/fuzz/corpus/$(FUZZ)

$(FUZZ_DIR)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(BUILD)/libtapfinger.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CPPFLAGS) -Itests/fuzz $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

$(BUILD)/bench/%: bench/%.c $(BUILD)/libtapfinger.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CPPFLAGS) -Ibench $(CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(BUILD)/libtapfinger.a $(LDLIBS)

# Tests that count allocations.
$(BUILD)/tests/test_shards: private LDFLAGS += -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=aligned_alloc

DOUBLE_LIBS := $(BUILD)/libtapfinger-double.a $(BUILD)/libtapfinger.a

$(filter %_gradients,$(UNIT_BIN)): $(BUILD)/tests/%: %.c $(DOUBLE_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CPPFLAGS) $(TEST_CPPFLAGS) -DNN_DOUBLE $(CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(DOUBLE_LIBS) -lcmocka $(LDLIBS)

$(BUILD)/tests/golden_%_double: tests/golden/golden_%.c $(DOUBLE_LIBS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CPPFLAGS) $(TEST_CPPFLAGS) -DNN_DOUBLE $(CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) -o $@ $< $(DOUBLE_LIBS) $(LDLIBS)

tests: all $(TEST_BIN)

check: tests
	BUILD=$(BUILD) tests/run

# Tests that start threads: what `make SAN=thread` is for (queueing only does so to be done sooner).
THREADED := $(filter-out %test_queueing.c,$(shell grep -lE 'parallel|pthread|comparison|shards' $(UNIT_SRC)))
check-threads: $(patsubst %.c,$(BUILD)/tests/%,$(notdir $(THREADED)))
	BUILD=$(BUILD) tests/run $^

bench-programs: $(BENCH_BIN)

bench: all bench-programs
	BUILD=$(BUILD) bench/run

# Every header compiles alone (templates are named .inc).
headers:
	$(Q)for header in $$(tools/sources src include | grep '\.h$$'); do \
	    echo 'extern int alone;' | $(CC) $(CPPFLAGS) $(CFLAGS) -fsyntax-only -include $$header -x c - || exit 1; done

tidy: headers
	tools/check-format
	tools/check-layers
	tools/check-complexity -v
	tools/check-banned
	tools/check-cppcheck
	tools/sources src bench | grep '\.c$$' | xargs -P $$(nproc) -I{} clang-tidy --quiet {} -- $(CPPFLAGS) -Ibench -std=c17

# The models that ship, made again: the same settings as the first time. By iterations, not by time,
# so that a faster machine makes the same models. SCENARIOS_TO_LEARN=hetero-6 makes one of them.
SCENARIOS_TO_LEARN ?= synthetic synthetic-6 synthetic-6-ar2 synthetic-6-ar3 multi hetero-6 sjf container
TRACES_TO_LEARN    ?= trace-500 trace-1000 trace-2000 trace-4000 trace6-2000 trace6-4000 trace6-8000
LEARN := $(BUILD)/tapfinger train --lessons 15 --groups 12 --siblings 8
.PHONY: retrain retrain-general
retrain: $(BUILD)/tapfinger
	for s in $(SCENARIOS_TO_LEARN); do $(LEARN) $$s --trials 45 -o models/$$s.tap || exit 1; done
	for s in $(TRACES_TO_LEARN); do $(LEARN) $$s --trials 25 --tasks 250 -o models/$$s.tap || exit 1; done
	$(LEARN) trace-fixed --trials 45 --tasks 250 -o models/trace-fixed.tap

retrain-general: $(BUILD)/tapfinger
	$(BUILD)/tapfinger train --general hetero-6 synthetic synthetic-6 multi synthetic-6-ar3 trace-fixed trace-2000 \
	    day bursts slow-links noisy-neighbours --speeds fitted:8 --lessons 30 --trials 150 --tasks 150 --groups 12 \
	    --siblings 8 --exam-every 10 -o models/general.tap

COVER := build-cover
cover:
	TAP_CASES=$${TAP_CASES:-10} $(MAKE) BUILD=$(COVER) OPT='-O1 -g --coverage' check; status=$$?; \
	gcovr --root . --filter src --object-directory $(COVER) --sort-uncovered --html $(COVER)/index.html --print-summary && \
	exit $$status

# Documentation that comes from the program: pages of docs/ and the table of README.md (kept in the
# tree, and held against it by tests/tree/docs.sh), man pages and completion (built).
MAN_DIR := $(BUILD)/man
docs: $(BUILD)/tapfinger
	$(Q)for page in scenarios policies commands traces; do $(BUILD)/tapfinger docs $$page > docs/$$page.md || exit 1; done
	$(Q)BUILD=$(BUILD) tools/readme-table README.md

$(MAN_DIR)/tapfinger.1: $(BUILD)/tapfinger
	@mkdir -p $(MAN_DIR)
	$(call say,MAN,$(MAN_DIR))
	$(Q)rm -f $(MAN_DIR)/*.1 && $(BUILD)/tapfinger docs man --dir $(MAN_DIR)

# make install PREFIX=/usr/local DESTDIR=: what it puts in place, "make uninstall" takes away.
SO_VERSION := 0
INSTALL    ?= install
ROOT       := $(DESTDIR)$(PREFIX)
SCENARIOS  := $(sort $(shell find scenarios -name '*.yaml'))
MODELS     := $(sort $(wildcard models/*.tap))
HEADERS    := $(wildcard include/tapfinger.h)

install: all $(MAN_DIR)/tapfinger.1
	$(INSTALL) -d $(ROOT)/bin $(ROOT)/lib/pkgconfig $(ROOT)/share/man/man1 $(ROOT)/include \
	    $(ROOT)/share/bash-completion/completions $(ROOT)/share/zsh/site-functions \
	    $(ROOT)/share/fish/vendor_completions.d
	$(INSTALL) -m 755 $(BUILD)/tapfinger $(ROOT)/bin/tapfinger
	$(INSTALL) -m 644 $(BUILD)/libtapfinger.a $(ROOT)/lib/libtapfinger.a
	$(INSTALL) -m 755 $(BUILD)/libtapfinger.so $(ROOT)/lib/libtapfinger.so.$(SO_VERSION)
	ln -sf libtapfinger.so.$(SO_VERSION) $(ROOT)/lib/libtapfinger.so
	$(if $(HEADERS),$(INSTALL) -m 644 $(HEADERS) $(ROOT)/include/)
	printf '%s\n' 'prefix=$(PREFIX)' 'Name: tapfinger' 'Description: edge machine-learning scheduler and simulator' \
	    'Version: $(VERSION)' 'Cflags: -I$${prefix}/include' 'Libs: -L$${prefix}/lib -ltapfinger' \
	    'Libs.private: $(PKG_LIBS) -lglpk -lm -pthread' > $(ROOT)/lib/pkgconfig/tapfinger.pc
	$(INSTALL) -m 644 $(MAN_DIR)/*.1 $(ROOT)/share/man/man1/
	$(BUILD)/tapfinger completion bash > $(ROOT)/share/bash-completion/completions/tapfinger
	$(BUILD)/tapfinger completion zsh > $(ROOT)/share/zsh/site-functions/_tapfinger
	$(BUILD)/tapfinger completion fish > $(ROOT)/share/fish/vendor_completions.d/tapfinger.fish
	for file in $(SCENARIOS) $(MODELS); do $(INSTALL) -D -m 644 $$file $(ROOT)/share/tapfinger/$$file || exit 1; done

uninstall:
	rm -f $(ROOT)/bin/tapfinger $(ROOT)/lib/libtapfinger.a $(ROOT)/lib/libtapfinger.so $(ROOT)/lib/libtapfinger.so.$(SO_VERSION) \
	    $(ROOT)/include/tapfinger.h $(ROOT)/lib/pkgconfig/tapfinger.pc $(ROOT)/share/man/man1/tapfinger.1 \
	    $(ROOT)/share/man/man1/tapfinger-*.1 $(ROOT)/share/bash-completion/completions/tapfinger \
	    $(ROOT)/share/zsh/site-functions/_tapfinger $(ROOT)/share/fish/vendor_completions.d/tapfinger.fish
	rm -rf $(ROOT)/share/tapfinger

clean:
	rm -rf build build-*

-include $(LIB_OBJ:.o=.d) $(CLI_OBJ:.o=.d) $(DOUBLE_OBJ:.o=.d) $(addsuffix .d,$(TEST_BIN) $(BENCH_BIN) $(FUZZ_BIN))
