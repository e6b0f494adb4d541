# Fuzz targets. Their corpora are replayed by "make check" with any compiler; configure --enable-fuzzers (clang) builds
# the libFuzzer programs, "make fuzz" runs each for FUZZ_SECONDS.
FUZZ_REPLAYS = tests/fuzz/replay_action tests/fuzz/replay_chrony tests/fuzz/replay_config tests/fuzz/replay_guest_doc tests/fuzz/replay_mce tests/fuzz/replay_metric_xml tests/fuzz/replay_mvbd tests/fuzz/replay_process tests/fuzz/replay_ptp_message tests/fuzz/replay_ntpd tests/fuzz/replay_request tests/fuzz/replay_sysfile
check_PROGRAMS += $(FUZZ_REPLAYS)
TESTS += $(FUZZ_REPLAYS)
tests_fuzz_replay_action_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_action.c tests/fuzz/fuzz.h
tests_fuzz_replay_action_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS=\"action\"
tests_fuzz_replay_chrony_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_chrony.c tests/fuzz/fuzz.h
tests_fuzz_replay_chrony_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS=\"chrony\"
tests_fuzz_replay_config_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_config.c tests/fuzz/fuzz.h
tests_fuzz_replay_config_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS=\"config\"
tests_fuzz_replay_guest_doc_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_guest_doc.c tests/fuzz/fuzz.h
tests_fuzz_replay_guest_doc_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS=\"guest_doc\"
tests_fuzz_replay_guest_doc_LDADD = libguest.la $(LDADD)
tests_fuzz_replay_mce_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_mce.c tests/fuzz/fuzz.h
tests_fuzz_replay_mce_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS=\"mce\"
tests_fuzz_replay_metric_xml_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_metric_xml.c tests/fuzz/fuzz.h
tests_fuzz_replay_metric_xml_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS=\"metric_xml\"
tests_fuzz_replay_mvbd_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_mvbd.c tests/fuzz/fuzz.h
tests_fuzz_replay_mvbd_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS=\"mvbd\"
tests_fuzz_replay_ntpd_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_ntpd.c tests/fuzz/fuzz.h
tests_fuzz_replay_ntpd_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS=\"ntpd\"
tests_fuzz_replay_ptp_message_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_ptp_message.c tests/fuzz/fuzz.h
tests_fuzz_replay_ptp_message_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS=\"ptp_message\"
tests_fuzz_replay_process_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_process.c tests/fuzz/fuzz.h
tests_fuzz_replay_process_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS=\"process\"
tests_fuzz_replay_request_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_request.c tests/fuzz/fuzz.h
tests_fuzz_replay_request_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS=\"request\"
tests_fuzz_replay_sysfile_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_sysfile.c tests/fuzz/fuzz.h
tests_fuzz_replay_sysfile_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS=\"sysfile\"
EXTRA_DIST += tests/fuzz/corpus

if LIBVIRT
check_PROGRAMS += tests/fuzz/replay_domain_xml
TESTS += tests/fuzz/replay_domain_xml
tests_fuzz_replay_domain_xml_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_domain_xml.c tests/fuzz/fuzz.h
tests_fuzz_replay_domain_xml_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS=\"domain_xml\"
endif

if JANSSON
check_PROGRAMS += tests/fuzz/replay_smart
TESTS += tests/fuzz/replay_smart
tests_fuzz_replay_smart_SOURCES = tests/fuzz/replay.c tests/fuzz/fuzz_smart.c tests/fuzz/fuzz.h
tests_fuzz_replay_smart_CPPFLAGS = $(AM_CPPFLAGS) -DCORPUS=\"smart\"
endif

if FUZZERS
FUZZ_TARGETS = tests/fuzz/fuzz_action tests/fuzz/fuzz_chrony tests/fuzz/fuzz_ntpd tests/fuzz/fuzz_config tests/fuzz/fuzz_guest_doc tests/fuzz/fuzz_mce tests/fuzz/fuzz_metric_xml tests/fuzz/fuzz_mvbd tests/fuzz/fuzz_process tests/fuzz/fuzz_ptp_message tests/fuzz/fuzz_request tests/fuzz/fuzz_sysfile
if LIBVIRT
FUZZ_TARGETS += tests/fuzz/fuzz_domain_xml
tests_fuzz_fuzz_domain_xml_LDFLAGS = $(LIBFUZZER)
endif
if JANSSON
FUZZ_TARGETS += tests/fuzz/fuzz_smart
tests_fuzz_fuzz_smart_LDFLAGS = $(LIBFUZZER)
endif
noinst_PROGRAMS += $(FUZZ_TARGETS)
LIBFUZZER = $(AM_LDFLAGS) -fsanitize=fuzzer
tests_fuzz_fuzz_action_LDFLAGS = $(LIBFUZZER)
tests_fuzz_fuzz_chrony_LDFLAGS = $(LIBFUZZER)
tests_fuzz_fuzz_config_LDFLAGS = $(LIBFUZZER)
tests_fuzz_fuzz_guest_doc_LDFLAGS = $(LIBFUZZER)
tests_fuzz_fuzz_guest_doc_LDADD = libguest.la $(LDADD)
tests_fuzz_fuzz_mce_LDFLAGS = $(LIBFUZZER)
tests_fuzz_fuzz_metric_xml_LDFLAGS = $(LIBFUZZER)
tests_fuzz_fuzz_mvbd_LDFLAGS = $(LIBFUZZER)
tests_fuzz_fuzz_ntpd_LDFLAGS = $(LIBFUZZER)
tests_fuzz_fuzz_ptp_message_LDFLAGS = $(LIBFUZZER)
tests_fuzz_fuzz_process_LDFLAGS = $(LIBFUZZER)
tests_fuzz_fuzz_request_LDFLAGS = $(LIBFUZZER)
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
