/*
 * rows_hardware.c - group 11 edgeHardware: errors that the hardware reports, and the energy it uses.
 *
 * Const data. Rows: struct interrupts, struct edac and struct power of the snapshot. The arcs that are not here belong
 * to the records of machine checks.
 */
#include "subagent/rows.h"

PART_SCALARS(interrupts, interrupts)
PART_ROWS(edac, edacs, struct edac, index, &)
PART_ROWS(power, powers, struct power, index, &)

/* clang-format off */
#define ROW struct interrupts
static const struct column HARDWARE_COLUMNS[] = {
	C64(3, edgeMceExceptions,       mce, INTERRUPTS_HAVE_MCE, "exceptions"),
	C64(4, edgeMcePolls,            mcp, INTERRUPTS_HAVE_MCP, "polls"),
	C64(5, edgeThermalInterrupts,   trm, INTERRUPTS_HAVE_TRM, "interrupts"),
	C64(6, edgeThresholdInterrupts, thr, INTERRUPTS_HAVE_THR, "interrupts"),
	C64(7, edgeDeferredInterrupts,  dfr, INTERRUPTS_HAVE_DFR, "interrupts"),
};
#undef ROW

const struct table HARDWARE_SCALARS = {
	"edgeHardware", { ARC_OBJECTS, GROUP_HARDWARE }, 2, 1, { SCALAR_LEVEL_OF(interrupts) },
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
