/*
 * thermal.asl - an ACPI thermal zone for the edge node's guest. Its temperature, in tenths of a kelvin, stands in
 * memory that the kernel leaves alone (memmap= on its command line), so that a write to /dev/mem in the guest changes
 * it.
 */
DefinitionBlock ("thermal.aml", "SSDT", 1, "EDGE", "THERMAL", 1)
{
	External (\_SB.CPUS.C000, DeviceObj)

	Scope (\_TZ)
	{
		OperationRegion (MEM, SystemMemory, 0x06000000, 4)
		Field (MEM, DWordAcc, NoLock, Preserve) { TEMP, 32 }

		ThermalZone (HEAT)
		{
			Method (_TMP)
			{
				If (LEqual (TEMP, 0)) { Return (3032) } // 30 C before anything is written there
				Return (TEMP)
			}
			Name (_PSV, 3532) // passive: 80 C
			Name (_HOT, 3682) // 95 C
			Name (_CRT, 4732) // 200 C: higher than what a test sets, or the guest would switch itself off
			Name (_PSL, Package () { \_SB.CPUS.C000 })
			Name (_TC1, 1)
			Name (_TC2, 1)
			Name (_TSP, 10)
			Name (_TZP, 10) // the kernel looks at it every second
		}
	}
}
