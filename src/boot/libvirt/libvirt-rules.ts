/** What can be wrong with the functions of a libvirt guest, and what libvirt and QEMU do with it (libvirt 9). */
import type { BootRules } from '../boot-rule.js';

const REFUSES = 'libvirt refuses the definition';
const IGNORES = 'libvirt ignores it; no message, unless it is asked to validate';

export const LIBVIRT_RULES = {
  SYNTAX: { severity: 'error', what: 'this is no XML, or no guest', effect: REFUSES },
  OUTSIDE_DEVICES: {
    severity: 'error',
    what: 'a hostdev that is not directly in <devices>',
    effect: IGNORES,
  },
  TYPE_MISSING: { severity: 'error', what: 'a hostdev without a type', effect: REFUSES },
  MODE_UNKNOWN: { severity: 'error', what: 'neither subsystem nor capabilities', effect: REFUSES },
  SOURCE_MISSING: {
    severity: 'error',
    what: 'there is no <source> with an <address>: which function of the host it is',
    effect: REFUSES,
  },
  MANAGED_UNKNOWN: { severity: 'error', what: 'neither yes nor no', effect: REFUSES },
  UNMANAGED: {
    severity: 'warning',
    what: 'libvirt does not take the function from its host driver',
    effect: 'the guest does not start unless vfio-pci has it before: openslot claim --for vfio',
  },
  DRIVER_UNKNOWN: {
    severity: 'error',
    what: 'neither vfio nor xen',
    effect: 'libvirt refuses it; its driver kvm is gone from kernels since 4.12',
  },
  ATTRIBUTE_UNKNOWN: {
    severity: 'error',
    what: 'no part of an address: those are domain, bus, slot and function',
    effect: `${IGNORES}; the part that was meant is 0`,
  },
  NUMBER_MALFORMED: {
    severity: 'error',
    what: 'no number; hexadecimal digits need 0x before them',
    effect: REFUSES,
  },
  NUMBER_RANGE: { severity: 'error', what: 'a number that no function has', effect: REFUSES },
  NUMBER_DECIMAL: {
    severity: 'warning',
    what: 'a number without 0x',
    effect: 'libvirt reads it as decimal; lspci and all others write hexadecimal',
  },
  NUMBER_OCTAL: {
    severity: 'warning',
    what: 'a number that begins with 0',
    effect: 'libvirt reads it as octal',
  },
  ADDRESS_ZERO: {
    severity: 'error',
    what: 'the function is 0000:00:00.0, or its address is not said',
    effect: 'that is the bridge of the host itself: the guest does not start',
  },
  FUNCTION_AGAIN: {
    severity: 'error',
    what: 'the function is given to the guest already',
    effect: 'the guest does not start: libvirt finds the function in use',
  },
  GUEST_PLACE_AGAIN: {
    severity: 'error',
    what: 'another device has this place in the guest',
    effect: 'libvirt refuses the definition: "Attempted double use of PCI Address"',
  },
} as const satisfies BootRules;
