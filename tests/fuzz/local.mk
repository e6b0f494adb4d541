# Fuzz targets. Their corpora are replayed by "make check" with any compiler; configure --enable-fuzzers (clang) builds
# the libFuzzer programs, "make fuzz" runs each for FUZZ_SECONDS.
FUZZ_REPLAYS = tests/fuzz/replay_config tests/fuzz/replay_mvbd tests/fuzz/replay_sysfile
check_PROGRAMS += $(FUZZ_REPLAYS)
TESTS += $(FUZZ_REPLAYS)
tests_fuzz_replay_config_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_config.c tests/fuzz/fuzz.h
tests_fuzz_replay_config_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS=\"config\"
tests_fuzz_replay_mvbd_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_mvbd.c tests/fuzz/fuzz.h
tests_fuzz_replay_mvbd_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS=\"mvbd\"
tests_fuzz_replay_sysfile_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_sysfile.c tests/fuzz/fuzz.h
tests_fuzz_replay_sysfile_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS=\"sysfile\"
EXTRA_DIST += tests/fuzz/corpus

if FUZZERS
FUZZ_TARGETS = tests/fuzz/fuzz_config tests/fuzz/fuzz_mvbd tests/fuzz/fuzz_sysfile
noinst_PROGRAMS += $(FUZZ_TARGETS)
LIBFUZZER = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_config_LDFLAGS = $(LIBFUZZER)
tests_fuzz_fuzz_mvbd_LDFLAGS = $(LIBFUZZER)
tests_fuzz_fuzz_sysfile_LDFLAGS = $(LIBFUZZER)
endif

FUZZ_SECONDS = 60
# What is found new goes to the build tree; an input that fails is left beside it.
fuzz: $(FUZZ_TARGETS)
	@test -n "$(FUZZ_TARGETS)" || { echo "configure with --enable-fuzzers CC=clang" >&2; exit 1; }
	for program in $(FUZZ_TARGETS); do \
		name=$${program##*/fuzz_}; \
		$(MKDIR_P) tests/fuzz/found/$$name && \
		UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
		$$program -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
			-artifact_prefix=tests/fuzz/found/$$name- tests/fuzz/found/$$name \
			$(srcdir)/tests/fuzz/corpus/$$name || exit 1; \
	done
.PHONY: fuzz
clean-local:
	rm -rf tests/fuzz/found
