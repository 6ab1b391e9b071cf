/** What can be wrong with an xl.cfg as far as PCI functions go, and what xl and libxl do with it (Xen 4.17). */
import type { BootRules } from '../boot-rule.js';

const REFUSES = 'xl says "unable to parse PCI_SPEC_STRING", and makes no guest';
const IGNORES = 'xl ignores it; no message';

export const XL_RULES = {
  SYNTAX: {
    severity: 'error',
    what: 'the file breaks off here for xl',
    effect: 'xl refuses the file, or loses what stands here',
  },
  SETTING_UNKNOWN: { severity: 'error', what: 'no setting of xl', effect: IGNORES },
  SETTING_AGAIN: {
    severity: 'warning',
    what: 'the setting comes again later',
    effect: 'xl takes the later one',
  },
  LIST_REPLACED: {
    severity: 'error',
    what: 'pci is set again later: "+=" would add to it',
    effect: 'xl takes the later list, and the guest gets nothing of this one',
  },
  PCI_NO_LIST: {
    severity: 'error',
    what: 'pci is one value, and must be a list: pci = [ ... ]',
    effect: 'xl warns, and makes the guest without a function',
  },
  ENTRY_IS_LIST: {
    severity: 'error',
    what: 'a list inside of pci',
    effect: 'xl stops here: the guest gets neither this entry nor those behind it; no message',
  },
  DEFAULT_NOT_NUMBER: {
    severity: 'error',
    what: 'no whole number',
    effect: 'xl warns, and takes 0',
  },
  PASSTHROUGH_DISABLED: {
    severity: 'error',
    what: 'passthrough is disabled, and the guest has functions',
    effect: 'libxl says "passthrough disabled but devices are specified", and makes no guest',
  },
  POPULATE_ON_DEMAND: {
    severity: 'error',
    what: 'maxmem is more than memory in an HVM guest that has functions',
    effect: 'libxl makes no guest: memory that is populated on demand cannot be reached by DMA',
  },
  ADDRESS_MALFORMED: { severity: 'error', what: 'no [DDDD:]BB:DD.F, hexadecimal', effect: REFUSES },
  SLOT_MALFORMED: {
    severity: 'error',
    what: "the slot on the guest's bus is hexadecimal, 0 to 1f, and cannot be empty",
    effect: REFUSES,
  },
  OPTION_BARE: {
    severity: 'error',
    what: 'an option without "="; the manual shows a slot so, and xl does not take it: write @SLOT',
    effect: REFUSES,
  },
  OPTION_UNKNOWN: {
    severity: 'error',
    what: 'no option of a function; names are in small letters, without blanks before them',
    effect: REFUSES,
  },
  POLICY_UNKNOWN: { severity: 'error', what: 'neither strict nor relaxed', effect: REFUSES },
  RDM_POLICY_REFUSED: {
    severity: 'error',
    what: 'a policy that xl knows, which it takes for a fault here',
    effect: 'xl ignores all of rdm; no message: rdm_policy= of an entry is read right',
  },
  RDM_POLICY_UNKNOWN: {
    severity: 'error',
    what: 'neither strict nor relaxed, which xl takes for right here',
    effect: 'xl says "Unknown RDM policy", and what its memory holds is the policy',
  },
  RDM_POLICY_UNSAID: {
    severity: 'warning',
    what: 'no policy',
    effect: 'xl leaves it to what its memory holds: rdm_policy= of an entry is read right',
  },
  RDM_MALFORMED: {
    severity: 'error',
    what: 'neither strategy=host nor a policy; a comma divides them, without blanks',
    effect: 'xl ignores all of rdm',
  },
  TARGET_MISSING: { severity: 'error', what: 'neither an address nor a name', effect: REFUSES },
  TARGET_TWICE: { severity: 'error', what: 'an address and a name', effect: REFUSES },
  FLAG_NOT_NUMBER: {
    severity: 'error',
    what: 'a flag that is no number',
    effect: 'xl reads 0, whatever the word says; no message',
  },
  FLAG_ODD_NUMBER: {
    severity: 'warning',
    what: 'a flag that is neither 0 nor 1',
    effect: 'xl takes every number but 0 for 1, and nothing behind its digits',
  },
  VALUE_CUT: { severity: 'error', what: 'more than the value', effect: IGNORES },
  NUMBER_LOOSE: {
    severity: 'warning',
    what: 'a number with blanks, a sign, a prefix 0x or more than 32 bits',
    effect: 'xl takes it as scanf does',
  },
  OPTION_AGAIN: {
    severity: 'warning',
    what: 'the option is there already',
    effect: 'xl takes the last one',
  },
  SLOT_AUTOMATIC: {
    severity: 'warning',
    what: 'slot 0',
    effect: 'for xl that is none: the function gets the first slot that is free',
  },
  FUNCTION_AGAIN: {
    severity: 'error',
    what: 'the function is in the list already',
    effect: 'libxl finds it assigned, and makes no guest',
  },
  SLOT_AGAIN: {
    severity: 'error',
    what: 'the slot is given to another device already',
    effect: 'an HVM guest is not made; the back end of a PV guest takes a slot of its own choice',
  },
  PERMISSIVE: {
    severity: 'warning',
    what: 'permissive lets the guest write all of configuration space',
    effect: 'a guest can harm the host with it; openslot policy learns which writes its driver needs',
  },
  SEIZE: {
    severity: 'warning',
    what: 'seize takes the function from its host driver',
    effect: 'also where the host needs it: libxl does not look whether a disk or a network is behind it',
  },
} as const satisfies BootRules;
