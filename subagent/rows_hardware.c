/*
 * rows_hardware.c - group 11 edgeHardware: errors that the hardware reports, and the energy it uses.
 *
 * Const data; the getters are pure. Rows: struct interrupts, struct edac and struct power of the snapshot. Records of
 * machine checks are another part than the interrupts, with the same scalars' arc: their columns get it themselves.
 */
#include "subagent/rows.h"

#include "base/clock.h"

static size_t hardware_count(const struct cell_context *context)
{
	return context->snapshot->interrupts != NULL || context->snapshot->machine_checks != NULL ? 1 : 0;
}

static const void *hardware_at(const struct cell_context *context, size_t i)
{
	static const struct interrupts none;

	(void)i;
	return context->snapshot->interrupts != NULL ? context->snapshot->interrupts : &none;
}

static bool set_counter64(const uint64_t *count, struct cell *cell)
{
	cell->type = CELL_COUNTER64;
	cell->counter64 = *count;
	return true;
}

static bool get_mce_corrected(const struct cell_context *context, struct cell *cell)
{
	const struct machine_check_totals *totals = context->snapshot->machine_checks;

	return totals != NULL && set_counter64(&totals->corrected, cell);
}

static bool get_mce_uncorrected(const struct cell_context *context, struct cell *cell)
{
	const struct machine_check_totals *totals = context->snapshot->machine_checks;

	return totals != NULL && set_counter64(&totals->uncorrected, cell);
}

static const struct machine_check_totals *last_of(const struct cell_context *context)
{
	const struct machine_check_totals *totals = context->snapshot->machine_checks;

	return totals != NULL && (totals->have & MACHINE_CHECK_HAVE_LAST) != 0 ? totals : NULL;
}

static bool get_mce_last_time(const struct cell_context *context, struct cell *cell)
{
	const struct machine_check_totals *last = last_of(context);

	if (last == NULL)
		return false;
	clock_date_and_time(last->last_real_ns, cell->octet_scratch);
	return cell_octets(cell->octet_scratch, CLOCK_DATE_AND_TIME_SIZE, cell);
}

static bool get_mce_last_text(const struct cell_context *context, struct cell *cell)
{
	const struct machine_check_totals *last = last_of(context);

	return last != NULL && cell_text(last->last_text, cell);
}

PART_ROWS(edac, edacs, struct edac, index, &)
PART_ROWS(power, powers, struct power, index, &)

/* clang-format off */
#define ROW struct interrupts
static const struct column HARDWARE_COLUMNS[] = {
	GET(1, edgeMceCorrected,   SYN_COUNTER64, get_mce_corrected, 0, "records"),
	GET(2, edgeMceUncorrected, SYN_COUNTER64, get_mce_uncorrected, 0, "records"),
	C64(3, edgeMceExceptions,       mce, INTERRUPTS_HAVE_MCE, "exceptions"),
	C64(4, edgeMcePolls,            mcp, INTERRUPTS_HAVE_MCP, "polls"),
	C64(5, edgeThermalInterrupts,   trm, INTERRUPTS_HAVE_TRM, "interrupts"),
	C64(6, edgeThresholdInterrupts, thr, INTERRUPTS_HAVE_THR, "interrupts"),
	C64(7, edgeDeferredInterrupts,  dfr, INTERRUPTS_HAVE_DFR, "interrupts"),
	GET(8, edgeMceLastTime,    SYN_TIME, get_mce_last_time, 0, NULL),
	GET(9, edgeMceLastText,    SYN_STRING, get_mce_last_text, 0, NULL),
};
#undef ROW

const struct table HARDWARE_SCALARS = {
	"edgeHardware", { ARC_OBJECTS, GROUP_HARDWARE }, 2, 1, { SCALAR_LEVEL_OF(hardware) },
	offsetof(struct interrupts, have), COLUMNS_OF(HARDWARE_COLUMNS), 0, NULL
};

#define ROW struct edac
static const struct column EDAC_COLUMNS[] = {
	CHARS(2, edgeEdacController, controller, 0),
	CHARS(3, edgeEdacLabel,      label, 0),
	C64(4,   edgeEdacCorrected,   corrected, EDAC_HAVE_CORRECTED, "errors"),
	C64(5,   edgeEdacUncorrected, uncorrected, EDAC_HAVE_UNCORRECTED, "errors"),
};
#undef ROW

static const char *const EDAC_INDEXES[] = { "edgeEdacIndex" };
const struct table EDAC_TABLE = {
	"edgeEdacTable", { ARC_OBJECTS, GROUP_HARDWARE, 10 }, 3, 1, { LEVEL_OF(edac) },
	offsetof(struct edac, have), COLUMNS_OF(EDAC_COLUMNS), 1, EDAC_INDEXES
};

#define ROW struct power
static const struct column POWER_COLUMNS[] = {
	CHARS(2, edgePowerZone,  zone, 0),
	C64(3,   edgePowerEnergy, energy_uj, 0, "microjoules"),
	G32(4,   edgePowerNow,    now_mw, POWER_HAVE_NOW, "milliwatts"),
};
#undef ROW

static const char *const POWER_INDEXES[] = { "edgePowerIndex" };
const struct table POWER_TABLE = {
	"edgePowerTable", { ARC_OBJECTS, GROUP_HARDWARE, 11 }, 3, 1, { LEVEL_OF(power) },
	offsetof(struct power, have), COLUMNS_OF(POWER_COLUMNS), 1, POWER_INDEXES
};
/* clang-format on */
