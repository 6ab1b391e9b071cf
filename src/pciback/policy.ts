/** The policy between a guest and configuration space, as data: a rule for each register or field that is not dropped. */

/**
 * What becomes of a guest's write, and of its read where that differs from the hardware's.
 * - `pass`: the hardware takes the bits that software may set, and the 1s that clear.
 * - `emulate`: the guest writes and reads back bits of its own; the hardware is not touched.
 * - `hide`: reads as 0, writes are dropped.
 * - the rest names a handler of `guest-config.ts`, for registers whose writes mean more than their bits.
 */
export type PolicyRule = 'pass' | 'emulate' | 'hide' | PolicyHandler;
export type PolicyHandler = 'command' | 'bar' | 'bist' | 'interrupt_line' | 'vpd_address';

/** Dotted names of the register model. What is not listed is read from the hardware, and its writes are dropped. */
export type Policy = Readonly<Record<string, PolicyRule>>;

/**
 * Default deny, by the rules that Linux's xen-pciback has grown: command, BARs and interrupts are ours; what a driver
 * needs besides is passed; everything else is readable and not writable.
 */
export const DEFAULT_POLICY: Policy = {
  'header.command': 'command',
  'header.cache_line': 'pass',
  'header.bist': 'bist',
  'header.bar0': 'bar',
  'header.bar1': 'bar',
  'header.bar2': 'bar',
  'header.bar3': 'bar',
  'header.bar4': 'bar',
  'header.bar5': 'bar',
  'header.rom': 'bar',
  'header.interrupt_line': 'interrupt_line',
  // A guest's wake-up events would reach the host's power management.
  'pm.pmc.pme_d0': 'hide',
  'pm.pmc.pme_d1': 'hide',
  'pm.pmc.pme_d2': 'hide',
  'pm.pmc.pme_d3hot': 'hide',
  'pm.pmc.pme_d3cold': 'hide',
  'pm.pmcsr.pme_enable': 'hide',
  // A function that leaves D0 loses what we set up in it; the guest sees the state it asked for.
  'pm.pmcsr.state': 'emulate',
  'pm.pmcsr.data_select': 'pass',
  'pm.pmcsr.pme_status': 'pass',
  'vpd.address': 'vpd_address',
};
