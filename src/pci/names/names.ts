/** Names of ids as pci.ids has them: vendors, devices, subsystems and classes; undefined where it has none. */
export interface PciNames {
  /** 16 bits. */
  vendor(vendor: number): string | undefined;
  /** 16 bits each. */
  device(vendor: number, device: number): string | undefined;
  /**
   * Of a device's subsystem, else of that vendor's subsystems whatever the device. Where a subsystem has the ids of its
   * device, and no name, it has the name of the device.
   */
  subsystem(
    vendor: number,
    device: number,
    subsystemVendor: number,
    subsystemDevice: number,
  ): string | undefined;
  /** 8 bits. */
  baseClass(base: number): string | undefined;
  /** 16 bits: base class and subclass. */
  subclass(classCode: number): string | undefined;
  /** 24 bits: base class, subclass, programming interface. */
  programmingInterface(classCode: number): string | undefined;
}
