/*
 * mce.c - how the reader of machine checks does, as a source with a row of its own. Thread: worker "files". The records
 * take another way (source/mce_reader.h); this result only says that somebody waits for them.
 */
#include "source/mce_reader.h"
#include "source/procsys.h"

static int poll_mce(void *self, const struct source_env *env, struct part **result, struct source_error *error)
{
	uint8_t path;
	int rc;

	(void)self;
	if (env->mce == NULL)
		return source_fail(error, -ERR_ABSENT, "nobody waits for machine checks");
	rc = mce_reader_state(env->mce, &path, error);
	if (rc == 0)
		*result = procsys_part_new(sizeof(**result));
	return rc;
}

const struct source source_mce = {
	.id = SOURCE_MCE,
	.name = "mce",
	.worker = WORKER_FILES,
	.interval_ms = 10000,
	.deadline_ms = 5000,
	.poll = poll_mce,
};
