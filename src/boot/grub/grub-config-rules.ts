/** What can be wrong with the kernels' arguments in a grub.cfg, and what GRUB, Xen and Linux do with it. */
import type { BootRules } from '../boot-rule.js';
import { VFIO_IDS_RULES } from './vfio-ids.js';

/** xen/arch/x86 of Xen 4.17; drivers/xen/xen-pciback and drivers/vfio/pci of Linux 6. */
export const GRUB_CONFIG_RULES = {
  QUOTE_UNCLOSED: {
    severity: 'error',
    what: 'a quote or a substitution without its end',
    effect: 'GRUB cannot read what is behind',
  },
  HIDE_ON_HYPERVISOR: {
    severity: 'error',
    what: 'the option stands among the arguments of Xen itself',
    effect: 'Xen ignores it; it belongs to the first module behind it, the kernel of domain 0',
  },
  IDS_ON_HYPERVISOR: {
    severity: 'error',
    what: 'the option stands among the arguments of Xen itself',
    effect: 'Xen ignores it; vfio-pci is a part of a kernel',
  },
  HIDE_NOT_ON_KERNEL: {
    severity: 'error',
    what: 'the option stands on a module that is not the first',
    effect: 'Xen takes the first module alone for the kernel of domain 0, and nobody reads the option',
  },
  HIDE_WITHOUT_XEN: {
    severity: 'warning',
    what: 'the option stands where Linux is booted without Xen',
    effect: 'there is no pciback then, and the host’s drivers take the functions',
  },
  HIDE_OLD_NAME: {
    severity: 'error',
    what: 'the option is called xen-pciback.hide=; this was its name in the kernels of XenLinux',
    effect: 'nothing is hidden; no message',
  },
  ...VFIO_IDS_RULES,
} as const satisfies BootRules;

export type GrubConfigRule = keyof typeof GRUB_CONFIG_RULES;
