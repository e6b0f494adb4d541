# Lint tests: rules of the sources that no compiler checks.
LINT_TESTS = tests/lint/columns.sh tests/lint/headers.sh tests/lint/paths.sh tests/lint/shell.sh
TESTS += $(LINT_TESTS)
EXTRA_DIST += $(LINT_TESTS) tests/columns.tsv
