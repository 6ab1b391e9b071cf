/** What can be wrong with an /etc/default/grub, and what grub-mkconfig, GRUB and the kernels do with it. */
import type { BootRules } from '../boot-rule.js';
import { VFIO_IDS_RULES } from './vfio-ids.js';

const STOPS = 'grub-mkconfig stops there, and grub.cfg stays as it was';

/** util/grub-mkconfig.in, grub.d/10_linux and 20_linux_xen of GRUB 2.06; drivers/vfio/pci of Linux 6. */
export const GRUB_DEFAULTS_RULES = {
  QUOTE_UNCLOSED: {
    severity: 'error',
    what: 'a quote or a substitution without its end',
    effect: `the shell cannot read the file: ${STOPS}`,
  },
  PARENTHESIS_UNQUOTED: {
    severity: 'error',
    what: 'a parenthesis outside of quotes',
    effect: `the shell cannot read the file: ${STOPS}`,
  },
  EQUALS_SPACED: {
    severity: 'error',
    what: 'blanks around the "="',
    effect: `the shell takes the name for a command, which there is not: ${STOPS}`,
  },
  VALUE_UNQUOTED: {
    severity: 'error',
    what: 'a blank outside of quotes ends the value, and the rest is a command',
    effect: `the shell runs it, with the variable set for it alone; where there is no such command, ${STOPS}`,
  },
  COMMAND: {
    severity: 'warning',
    what: 'a command, and no assignment',
    effect: 'it is run as root whenever grub-mkconfig is',
  },
  CARRIAGE_RETURN: {
    severity: 'error',
    what: 'a carriage return before the line end',
    effect: 'it is the last character of the value, and reaches the kernel',
  },
  ASSIGNMENT_REPEATED: {
    severity: 'error',
    what: 'it is set again later, and the later value has nothing of this one',
    effect: 'the later value counts',
  },
  HIDE_ON_HYPERVISOR: {
    severity: 'error',
    what: 'the option stands among the arguments of Xen itself',
    effect: 'Xen ignores it; it belongs to the kernel of domain 0',
  },
  HIDE_OLD_NAME: {
    severity: 'error',
    what: 'the option is called xen-pciback.hide=; this was its name in the kernels of XenLinux',
    effect: 'nothing is hidden; no message',
  },
  HIDE_REPLACED: {
    severity: 'error',
    what: 'under Xen another variable replaces this one, and has no such option',
    effect: 'nothing is hidden in the entries that boot Xen; no message',
  },
  HIDE_TWICE: {
    severity: 'error',
    what: 'another variable has the option too, and comes later in the arguments',
    effect: 'the list there replaces this one',
  },
  ...VFIO_IDS_RULES,
} as const satisfies BootRules;

export type GrubDefaultsRule = keyof typeof GRUB_DEFAULTS_RULES;
