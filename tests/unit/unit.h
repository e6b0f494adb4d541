/*
 * unit.h - the main() of a Check program: runs one suite, prints Check's summary line
 * ("100%: Checks: 3, Failures: 0, Errors: 0"), which the test runner counts.
 */
#ifndef EDGENODE_TESTS_UNIT_H
#define EDGENODE_TESTS_UNIT_H

#include <check.h>
#include <stdlib.h>

#define UNIT_MAIN(suite_function)                                     \
	int main(void)                                                \
	{                                                             \
		SRunner *runner = srunner_create(suite_function());   \
		int failed;                                           \
		srunner_run_all(runner, CK_NORMAL);                   \
		failed = srunner_ntests_failed(runner);               \
		srunner_free(runner);                                 \
		return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;     \
	}

/* A case with one test, the usual shape here. */
#define UNIT_ADD(suite, test)                                         \
	do {                                                          \
		TCase *tc_##test = tcase_create(#test);               \
		tcase_add_test(tc_##test, test);                      \
		suite_add_tcase(suite, tc_##test);                    \
	} while (0)

#endif
