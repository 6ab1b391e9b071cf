/** What can be wrong with a boot.cfg, and what NetBSD's boot loader does with it (sys/lib/libsa/bootcfg.c, of 2015). */
import type { BootRules } from '../boot-rule.js';

export const BOOT_CONFIG_RULES = {
  FILE_TOO_LARGE: {
    severity: 'error',
    what: 'the file has more than 32768 bytes',
    effect: 'the loader ignores all of it',
  },
  NUL_ENDS: { severity: 'error', what: 'a NUL', effect: 'the loader reads nothing of what is behind' },
  CARRIAGE_RETURN: {
    severity: 'warning',
    what: 'a carriage return before the line end',
    effect: 'it stays, as the last character of the value',
  },
  COMMENT_CUTS: {
    severity: 'warning',
    what: 'a "#" in a line that says something',
    effect: 'all from here on is a comment: nothing quotes the character',
  },
  SEPARATOR_MISSING: {
    severity: 'error',
    what: 'a line without "="',
    effect: 'the loader skips it; no message',
  },
  KEY_SPACED: {
    severity: 'error',
    what: 'a blank before the key',
    effect:
      'it is a part of the key, which the loader does not know then; the line is skipped, without a message',
  },
  KEY_UNKNOWN: { severity: 'error', what: 'no key of the loader', effect: 'the line is skipped; no message' },
  KEY_IS_COMMAND: {
    severity: 'error',
    what: 'a command of the loader, and no key',
    effect: 'the line is skipped, without a message; it works in a menu entry',
  },
  KEY_PREFIX: {
    severity: 'warning',
    what: 'the key has more characters than the loader compares',
    effect: 'the loader takes it for the shorter one',
  },
  KEY_REPEATED: {
    severity: 'error',
    what: 'the key comes again later',
    effect: 'the later one counts',
  },
  MENU_TOO_MANY: {
    severity: 'error',
    what: 'more than 20 menu entries',
    effect: 'the loader drops this one; no message',
  },
  MENU_NUMBERS_END: {
    severity: 'error',
    what: 'more than 9 menu entries, where the format is numbers and a time runs',
    effect: 'the loader drops this one; no message',
  },
  BANNER_TOO_MANY: {
    severity: 'error',
    what: 'more than 12 banner lines',
    effect: 'the loader drops this one; no message',
  },
  MENU_COLON_MISSING: {
    severity: 'error',
    what: 'a menu entry without a colon between what is shown and what is done',
    effect: 'the loader drops the entry; no message',
  },
  COMMAND_TOO_LONG: {
    severity: 'error',
    what: 'a command of a menu entry has more than 79 characters',
    effect: 'the loader copies it into 80 bytes without looking, and overwrites its stack',
  },
  COMMAND_UNKNOWN: {
    severity: 'error',
    what: 'no command of the loader',
    effect: 'the loader shows its help instead, and goes on with the next command',
  },
  COMMAND_UNREACHED: {
    severity: 'error',
    what: 'a command behind one that boots',
    effect: 'it is done only where booting failed',
  },
  TIMEOUT_FOREVER: {
    severity: 'error',
    what: 'the time begins with no digit',
    effect: 'the loader waits for ever; -1 says that it is meant',
  },
  TIMEOUT_CUT: {
    severity: 'warning',
    what: 'more than a number of seconds',
    effect: 'the loader takes the digits, and ignores what is behind',
  },
  CLEAR_NOT_NUMBER: {
    severity: 'error',
    what: 'no number: 1 clears the screen',
    effect: 'the loader reads 0, and the screen stays',
  },
  DEFAULT_RANGE: {
    severity: 'error',
    what: 'no number of a menu entry',
    effect: 'the loader takes the nearest entry, or the first where it is no number',
  },
  CONSOLE_UNKNOWN: {
    severity: 'error',
    what: 'no console of the loader: pc, com0 to com3, com0kbd to com3kbd, auto',
    effect: 'the console stays as it is',
  },
  FORMAT_UNKNOWN: {
    severity: 'error',
    what: 'the format of the menu is a (automatic), n (numbers) or l (letters)',
    effect: 'the format stays as it is',
  },
  MODULE_TEXT_CUT: {
    severity: 'error',
    what: 'the text of a module, its file and arguments, has more than 79 characters',
    effect: 'the loader cuts what is beyond off; the kernel of domain 0 never sees it',
  },
  KERNEL_MISSING: {
    severity: 'error',
    what: 'Xen is booted without a load before it',
    effect: 'Xen has no kernel for domain 0, and stops',
  },
  KERNEL_IS_MODULE: {
    severity: 'error',
    what: 'the first load is a module, and Xen takes the first for the kernel of domain 0',
    effect: 'Xen starts it as a kernel, and stops',
  },
  HIDE_NOT_ON_KERNEL: {
    severity: 'error',
    what: 'the option stands on a load that is not the first',
    effect: 'Xen takes the first load alone for the kernel of domain 0, and nobody reads the option',
  },
  HIDE_ON_HYPERVISOR: {
    severity: 'error',
    what: 'the option stands on the hypervisor',
    effect: 'Xen ignores it; it belongs to the first load',
  },
  HIDE_WITHOUT_XEN: {
    severity: 'error',
    what: 'the option stands where NetBSD is booted without Xen',
    effect: 'there is no pciback then, and nothing is hidden',
  },
} as const satisfies BootRules;

export type BootConfigRule = keyof typeof BOOT_CONFIG_RULES;
