/** What can be wrong with a file of modprobe.d, and what kmod, the kernel and the modules do with it (kmod 30, Linux 6). */
import type { BootRules } from '../boot-rule.js';

const LEFT_OUT =
  'modprobe leaves the line out, with a message on its standard error, where at boot nobody looks';
const IDS_SKIPPED = 'vfio-pci skips it ("invalid id string" in the log) and goes on with the others';

export const MODPROBE_RULES = {
  FILE_NAME: {
    severity: 'error',
    what: 'the file is not named *.conf',
    effect: 'modprobe does not read it; no message',
  },
  COMMAND_UNKNOWN: {
    severity: 'error',
    what: 'no command: there are alias, blacklist, install, options, remove and softdep',
    effect: LEFT_OUT,
  },
  COMMAND_DEPRECATED: {
    severity: 'error',
    what: 'a command of older versions',
    effect: 'modprobe does nothing with it but say so on its standard error',
  },
  COMMENT_INDENTED: {
    severity: 'warning',
    what: 'a comment behind blanks: only a "#" that begins the line begins one',
    effect: LEFT_OUT,
  },
  COMMENT_GOES_ON: {
    severity: 'error',
    what: 'a comment that ends with a backslash',
    effect: 'the next line belongs to the comment, and does nothing',
  },
  COMMENT_IN_OPTIONS: {
    severity: 'warning',
    what: 'no comment: here "#" is an option like any other',
    effect:
      'the kernel gives every word from here on to the module as an option, and logs those that the module does not know',
  },
  COMMENT_IN_SOFTDEP: {
    severity: 'warning',
    what: 'no comment: here "#" is the name of a module',
    effect: 'modprobe tries to load every word from here on',
  },
  BACKSLASH_LOST: {
    severity: 'warning',
    what: 'a backslash that does not end its line',
    effect: 'modprobe drops it, and takes the character behind it as it is',
  },
  NUL_ENDS: { severity: 'error', what: 'a NUL', effect: 'modprobe reads nothing of the line behind it' },
  CARRIAGE_RETURN: {
    severity: 'error',
    what: 'a carriage return',
    effect: 'it belongs to the word before it, and no module or command has that name; no message',
  },
  MODULE_MISSING: { severity: 'error', what: 'no module is named', effect: LEFT_OUT },
  BRACKETS: { severity: 'error', what: 'brackets that do not pair', effect: LEFT_OUT },
  NOTHING_BEHIND: {
    severity: 'error',
    what: 'the module is named, and nothing behind it',
    effect: LEFT_OUT,
  },
  WORD_LEFT_OUT: {
    severity: 'error',
    what: 'a word too many: the command takes one module',
    effect: 'modprobe ignores it; no message',
  },
  SOFTDEP_UNSAID: {
    severity: 'error',
    what: 'neither behind "pre:" nor behind "post:"',
    effect: 'modprobe ignores it; no message',
  },
  QUOTE_UNCLOSED: {
    severity: 'error',
    what: 'a double quote without its partner',
    effect: 'the kernel takes all to the end of the line for the value of this option',
  },
  OPTION_REPEATED: {
    severity: 'warning',
    what: 'the option is given again later',
    effect: 'the module gets both; of a single value the later one counts',
  },
  LIST_REPLACED: {
    severity: 'error',
    what: 'the list is given again later',
    effect: 'the later list replaces this one, whole',
  },
  ID_MALFORMED: {
    severity: 'error',
    what: 'no vendor:device[:subvendor:subdevice[:class:mask]], hexadecimal',
    effect: IDS_SKIPPED,
  },
  ID_WIDE: {
    severity: 'error',
    what: 'an id of more than 16 bits, which no function has',
    effect: 'vfio-pci takes it, and it matches nothing; no message',
  },
  IDS_BY_KIND: {
    severity: 'warning',
    what: 'functions are named by their ids, not by their places',
    effect: 'vfio-pci takes every function that has them: of two equal cards both',
  },
  LOADED_LATE: {
    severity: 'warning',
    what: 'no softdep of this file has a host driver wait for the module',
    effect:
      'a function that its host driver has before this module is loaded stays with that driver; the initramfs, or  softdep DRIVER pre: MODULE , puts the module first',
  },
} as const satisfies BootRules;

export type ModprobeRule = keyof typeof MODPROBE_RULES;
