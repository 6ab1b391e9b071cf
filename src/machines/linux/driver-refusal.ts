/** Why the kernel refused to bind or unbind a driver: errno means another thing in each of sysfs's files. */
import { PROGRAM_HOLDERS, type Binding } from '../../function/index.js';

/** The files of a driver and of a device that are written to bind and unbind. */
export type DriverFile = 'bind' | 'unbind' | 'new_slot' | 'remove_slot' | 'driver_override';

/**
 * The cause behind an errno, as drivers/base/bus.c and the drivers' probes return it; undefined where it says no more
 * than its name. `now` is what stands there.
 */
export function refusalCause(
  file: DriverFile,
  errno: string,
  driver: string,
  now: Binding,
): string | undefined {
  if (file !== 'bind') {
    if (errno === 'ENODEV') return file === 'unbind' ? 'another driver has it by now' : 'it is not there';
    return undefined;
  }
  switch (errno) {
    case 'ENODEV':
      // bind_store matches before it probes.
      return now.override !== undefined && now.override !== driver
        ? `driver_override lets only ${now.override} bind it`
        : 'the driver does not know this device, and driver_override does not name the driver';
    case 'EINVAL':
      return driver === PROGRAM_HOLDERS.vfio
        ? 'the kernel has put it into no IOMMU group (the IOMMU is off), or it is a bridge'
        : "the driver's probe refused this device";
    case 'EBUSY':
      return `it is busy: ${now.driver === undefined ? 'its registers are claimed by somebody who is no driver of it' : `${now.driver} has it`}`;
    case 'EPROBE_DEFER':
      return 'the driver waits for another one that it needs';
    case 'ENXIO':
    case 'EIO':
      return 'the driver found no working device there';
    default:
      return undefined;
  }
}
