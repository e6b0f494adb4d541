/*
 * edgefake.c - hardware of the edge node's guest that QEMU does not have: a thermal zone without a hwmon chip, a chip
 * that measures what those on the I2C bus do not, a memory controller with two modules, and a way to have the kernel
 * count a slowed-down processor. A kernel module for Debian's 6.1; tests only. It obeys files in
 * /sys/kernel/debug/edgefake:
 *
 *   temperature          millidegrees Celsius of the zone
 *   corrected0, ...1     writes of N: that module has had N more corrected errors
 *   uncorrected0, ...1   likewise, uncorrected ones
 *   throttle             1: the processor of the writer becomes too hot, 0: it has cooled down
 */
#include <linux/debugfs.h>
#include <linux/edac.h>
#include <linux/hwmon.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/thermal.h>

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("hardware of a test guest");

/* Exported by edac_core; the header that declares them, drivers/edac/edac_mc.h, is in no package. */
struct mem_ctl_info *edac_mc_alloc(unsigned int number, unsigned int n_layers, struct edac_mc_layer *layers,
				   unsigned int private_size);
int edac_mc_add_mc_with_groups(struct mem_ctl_info *controller, const struct attribute_group **groups);
struct mem_ctl_info *edac_mc_del_mc(struct device *device);
void edac_mc_free(struct mem_ctl_info *controller);
void edac_mc_handle_error(const enum hw_event_mc_err_type type, struct mem_ctl_info *controller, const u16 count,
			  const unsigned long page, const unsigned long offset, const unsigned long syndrome,
			  const int top, const int middle, const int low, const char *text, const char *detail);

static struct platform_device *device;
static struct dentry *files;

/* --- the thermal zone -------------------------------------------------------------------------------------------- */

/* The lowest of "passive" and "hot" is the warning limit; an "active" one is none. */
static const struct {
	enum thermal_trip_type type;
	int temperature, hysteresis;
} TRIPS[] = {
	{ THERMAL_TRIP_ACTIVE, 60000, 2000 },
	{ THERMAL_TRIP_HOT, 95000, 3000 },
	{ THERMAL_TRIP_PASSIVE, 80000, 5000 },
	{ THERMAL_TRIP_CRITICAL, 200000, 0 },
};

static struct thermal_zone_device *zone;
static int temperature = 40000;

static int zone_temperature(struct thermal_zone_device *of, int *value)
{
	*value = temperature;
	return 0;
}

static int trip_type(struct thermal_zone_device *of, int trip, enum thermal_trip_type *type)
{
	*type = TRIPS[trip].type;
	return 0;
}

static int trip_temperature(struct thermal_zone_device *of, int trip, int *value)
{
	*value = TRIPS[trip].temperature;
	return 0;
}

static int trip_hysteresis(struct thermal_zone_device *of, int trip, int *value)
{
	*value = TRIPS[trip].hysteresis;
	return 0;
}

static struct thermal_zone_device_ops zone_operations = {
	.get_temp = zone_temperature,
	.get_trip_type = trip_type,
	.get_trip_temp = trip_temperature,
	.get_trip_hyst = trip_hysteresis,
};

static struct thermal_zone_params zone_parameters = { .no_hwmon = true };

static int set_temperature(void *data, u64 value)
{
	temperature = (int)value;
	thermal_zone_device_update(zone, THERMAL_EVENT_UNSPECIFIED);
	return 0;
}

static int get_temperature(void *data, u64 *value)
{
	*value = temperature;
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(temperature_file, get_temperature, set_temperature, "%llu\n");

static int add_zone(void)
{
	zone = thermal_zone_device_register("edgefake", ARRAY_SIZE(TRIPS), 0, NULL, &zone_operations, &zone_parameters,
					    0, 0);
	if (IS_ERR(zone))
		return PTR_ERR(zone);
	debugfs_create_file_unsafe("temperature", 0600, files, NULL, &temperature_file);
	return thermal_zone_device_enable(zone);
}

/* --- the chip ---------------------------------------------------------------------------------------------------- */

/* Every kind of sensor beside those of the other chips, in the units of hwmon: millidegrees, millivolts, milliamperes,
 * microwatts, microjoules, thousandths of a per cent. Some values are below zero or do not fit 32 bits. */
static const struct {
	enum hwmon_sensor_types type;
	u32 attribute;
	int channel;
	long value;
} READINGS[] = {
	{ hwmon_temp, hwmon_temp_input, 0, -10500 },
	{ hwmon_temp, hwmon_temp_min, 0, -20000 },
	{ hwmon_temp, hwmon_temp_max, 0, 60000 },
	{ hwmon_in, hwmon_in_input, 0, -11950 },
	{ hwmon_in, hwmon_in_min, 0, -13000 },
	{ hwmon_in, hwmon_in_max, 0, -11000 },
	{ hwmon_in, hwmon_in_crit, 0, -10000 },
	{ hwmon_curr, hwmon_curr_input, 0, 12345 },
	{ hwmon_curr, hwmon_curr_max, 0, 12000 },
	{ hwmon_curr, hwmon_curr_crit, 0, 20000 },
	{ hwmon_curr, hwmon_curr_max_alarm, 0, 1 },
	{ hwmon_curr, hwmon_curr_crit_alarm, 0, 0 },
	{ hwmon_power, hwmon_power_input, 0, 2750125000 },
	{ hwmon_power, hwmon_power_max, 0, 3000000000 },
	{ hwmon_power, hwmon_power_crit, 0, 3200000000 },
	{ hwmon_power, hwmon_power_average, 1, 85500000 },
	{ hwmon_energy, hwmon_energy_input, 0, 3000000000000 },
	{ hwmon_energy, hwmon_energy_input, 1, 5000000000000000 },
	{ hwmon_humidity, hwmon_humidity_input, 0, 45600 },
};

static const struct hwmon_channel_info *CHANNELS[] = {
	HWMON_CHANNEL_INFO(temp, HWMON_T_INPUT | HWMON_T_MIN | HWMON_T_MAX),
	HWMON_CHANNEL_INFO(in, HWMON_I_INPUT | HWMON_I_MIN | HWMON_I_MAX | HWMON_I_CRIT),
	HWMON_CHANNEL_INFO(curr, HWMON_C_INPUT | HWMON_C_MAX | HWMON_C_CRIT | HWMON_C_MAX_ALARM | HWMON_C_CRIT_ALARM),
	HWMON_CHANNEL_INFO(power, HWMON_P_INPUT | HWMON_P_MAX | HWMON_P_CRIT, HWMON_P_AVERAGE),
	HWMON_CHANNEL_INFO(energy, HWMON_E_INPUT, HWMON_E_INPUT),
	HWMON_CHANNEL_INFO(humidity, HWMON_H_INPUT),
	NULL
};

static umode_t chip_mode(const void *data, enum hwmon_sensor_types type, u32 attribute, int channel)
{
	return 0444;
}

static int chip_read(struct device *of, enum hwmon_sensor_types type, u32 attribute, int channel, long *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(READINGS); i++)
		if (READINGS[i].type == type && READINGS[i].attribute == attribute && READINGS[i].channel == channel) {
			*value = READINGS[i].value;
			return 0;
		}
	return -EOPNOTSUPP;
}

static const struct hwmon_ops chip_operations = { .is_visible = chip_mode, .read = chip_read };
static const struct hwmon_chip_info chip = { .ops = &chip_operations, .info = CHANNELS };

static int add_chip(void)
{
	return PTR_ERR_OR_ZERO(hwmon_device_register_with_info(&device->dev, "edgefake", NULL, &chip, NULL));
}

/* --- the memory controller --------------------------------------------------------------------------------------- */

#define SLOTS 2

static struct mem_ctl_info *controller;

static void memory_error(enum hw_event_mc_err_type type, void *data, u64 count)
{
	edac_mc_handle_error(type, controller, (u16)count, 0x12345, 0x678, 0x55, 0, (int)(long)data, -1, "on demand", "");
}

static int add_corrected(void *data, u64 count)
{
	memory_error(HW_EVENT_ERR_CORRECTED, data, count);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(corrected_file, NULL, add_corrected, "%llu\n");

static int add_uncorrected(void *data, u64 count)
{
	memory_error(HW_EVENT_ERR_UNCORRECTED, data, count);
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(uncorrected_file, NULL, add_uncorrected, "%llu\n");

static void describe_slot(long slot)
{
	struct dimm_info *module = controller->dimms[slot];
	char name[16];

	module->nr_pages = 262144;
	module->grain = 64;
	module->mtype = MEM_DDR4;
	module->dtype = DEV_X8;
	module->edac_mode = EDAC_SECDED;
	snprintf(module->label, sizeof(module->label), "DIMM_A%ld", slot + 1);
	snprintf(name, sizeof(name), "corrected%ld", slot);
	debugfs_create_file_unsafe(name, 0200, files, (void *)slot, &corrected_file);
	snprintf(name, sizeof(name), "uncorrected%ld", slot);
	debugfs_create_file_unsafe(name, 0200, files, (void *)slot, &uncorrected_file);
}

static int add_controller(void)
{
	struct edac_mc_layer layers[] = {
		{ .type = EDAC_MC_LAYER_CHANNEL, .size = 1 },
		{ .type = EDAC_MC_LAYER_SLOT, .size = SLOTS, .is_virt_csrow = true },
	};

	controller = edac_mc_alloc(0, ARRAY_SIZE(layers), layers, 0);
	if (controller == NULL)
		return -ENOMEM;
	controller->pdev = &device->dev;
	controller->mtype_cap = MEM_FLAG_DDR4;
	controller->edac_ctl_cap = EDAC_FLAG_SECDED;
	controller->edac_cap = EDAC_FLAG_SECDED;
	controller->mod_name = "edgefake";
	controller->ctl_name = "edgefake";
	controller->dev_name = dev_name(&device->dev);
	for (long slot = 0; slot < SLOTS; slot++)
		describe_slot(slot);
	return edac_mc_add_mc_with_groups(controller, NULL);
}

/* --- the slowed-down processor ----------------------------------------------------------------------------------- */

/* No emulated processor gets hot: the function behind the kernel's thermal interrupt is called instead. It is static;
 * a probe tells where it is. */
static void (*process_throttling)(bool too_hot, int event, int level);

static int before_probe(struct kprobe *probe, struct pt_regs *registers)
{
	return 0;
}

static int set_throttle(void *data, u64 too_hot)
{
	preempt_disable();
	process_throttling(too_hot != 0, 0, 0);
	preempt_enable();
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(throttle_file, NULL, set_throttle, "%llu\n");

static int add_throttle(void)
{
	struct kprobe probe = { .symbol_name = "therm_throt_process", .pre_handler = before_probe };
	const int rc = register_kprobe(&probe);

	if (rc != 0)
		return rc;
	process_throttling = (void *)probe.addr;
	unregister_kprobe(&probe);
	debugfs_create_file_unsafe("throttle", 0200, files, NULL, &throttle_file);
	return 0;
}

/* It stays until the guest ends: there is no exit function. */
static int __init edgefake_init(void)
{
	int rc;

	device = platform_device_register_simple("edgefake", 0, NULL, 0);
	if (IS_ERR(device))
		return PTR_ERR(device);
	files = debugfs_create_dir("edgefake", NULL);
	rc = add_zone();
	if (rc == 0)
		rc = add_chip();
	if (rc == 0)
		rc = add_controller();
	if (rc == 0)
		rc = add_throttle();
	if (rc != 0)
		pr_err("edgefake: error %d; the rest is missing\n", rc);
	return 0;
}
module_init(edgefake_init);
