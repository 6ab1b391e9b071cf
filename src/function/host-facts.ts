/** What a host knows of a function that the function does not tell: where it stands, and who could drive it. */
export interface HostFacts {
  /** Drivers that say they can drive it, loaded or not, in the host's order. */
  readonly modules: readonly string[];
  /** Of the memory and processors that it stands next to. */
  readonly numaNode: number | undefined;
  /** What firmware calls it. */
  readonly label: string | undefined;
  /** Name of the slot that its card is in. */
  readonly physicalSlot: string | undefined;
  /**
   * Reads vital product data from address 0 on in the host's own way, which asks the device and may take a second; it
   * gives undefined where there is none, or the host keeps off it. Absent on hosts without a way of their own: there it
   * is read through the function's capability. @throws {VpdUnreadableError}
   */
  readonly readVpd: (() => Uint8Array | undefined) | undefined;
}

/** Of a function that its host says nothing of. */
export const NO_HOST_FACTS: HostFacts = {
  modules: [],
  numaNode: undefined,
  label: undefined,
  physicalSlot: undefined,
  readVpd: undefined,
};
