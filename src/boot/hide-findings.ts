/** What can be wrong with a hide list, and what each system does with it: the one place of these texts. */
import { visibleText } from '../pci/index.js';
import type { HideDialect, HideFinding } from './hide-list.js';

/** `fatal`: the system does not boot. `error`: something else happens than the list says. `warning`: it works, by luck. */
export type HideSeverity = 'fatal' | 'error' | 'warning';

interface Meaning {
  readonly severity: HideSeverity;
  readonly what: string;
  /** What the real system does. */
  readonly effect: string;
}

const NETBSD_STOPS =
  'the kernel shows the rest on the console and stops reading; the elements before it stay claimed, but there is no back end for guests';
const NETBSD_SKIPS = 'the kernel names the character on the console and skips the element';

/** sys/arch/xen/xen/pciback.c and xen_machdep.c, of 2015. */
const NETBSD = {
  OPTION_ABSENT: {
    severity: 'error',
    what: 'there is no pciback.hide= behind a space or at the beginning',
    effect: 'nothing is claimed, and there is no back end for guests; no message',
  },
  OPTION_REPEATED: {
    severity: 'error',
    what: 'the option comes again later',
    effect: 'the later list replaces this one',
  },
  LINE_TOO_LONG: {
    severity: 'error',
    what: 'the command line has more than 255 characters',
    effect: 'the kernel drops what is beyond',
  },
  VALUE_EMPTY: {
    severity: 'error',
    what: 'the list is empty',
    effect: 'nothing is claimed, and there is no back end for guests; no message',
  },
  VALUE_ENDS: {
    severity: 'error',
    what: 'a space ends the list',
    effect: 'what follows is another option for the kernel, and nothing can quote it',
  },
  VALUE_TOO_LONG: {
    severity: 'error',
    what: 'the list has more than 63 characters (7 elements of the form (bb:dd.f))',
    effect:
      'the kernel keeps 64 of them without an end and reads on in its stack: whole elements before stay claimed, then a syntax error, and no back end for guests',
  },
  ELEMENT_EXPECTED: {
    severity: 'error',
    what: 'an element must begin with "(" here, directly behind the one before',
    effect: NETBSD_STOPS,
  },
  ELEMENT_UNCLOSED: { severity: 'error', what: 'no ")" follows', effect: NETBSD_STOPS },
  ELEMENT_BAD: {
    severity: 'error',
    what: 'from here it is not of the form [0000:]bb:dd.f',
    effect: NETBSD_SKIPS,
  },
  COLON_MISSING: {
    severity: 'fatal',
    what: 'an element without a colon',
    effect: 'the kernel dies of a page fault while it boots',
  },
  DOMAIN_UNREADABLE: {
    severity: 'error',
    what: 'a domain other than 0000 is read as a bus, and the bus as a device',
    effect: NETBSD_SKIPS,
  },
  BUS_READ_AS_DOMAIN: {
    severity: 'error',
    what: 'a bus that begins with 0000 is read as a domain',
    effect: NETBSD_SKIPS,
  },
  DOMAIN_INEXACT: {
    severity: 'warning',
    what: 'a domain that is more than 0000',
    effect: 'the kernel takes all of it for the domain 0000',
  },
  NUMBER_EMPTY: { severity: 'warning', what: 'a number is missing', effect: 'the kernel reads 0' },
  NUMBER_SIGNED: {
    severity: 'warning',
    what: 'a number with a sign',
    effect: 'the kernel takes it; a negative number wraps around',
  },
  NUMBER_PREFIXED: { severity: 'warning', what: 'a number with a prefix 0x', effect: 'the kernel takes it' },
  NUMBER_SPACED: {
    severity: 'warning',
    what: 'a number behind white space',
    effect: 'the kernel skips it; a space instead would end the list',
  },
  NUMBER_WRAPS: {
    severity: 'error',
    what: 'a number of more than 32 bits',
    effect: 'the kernel keeps the lowest 32',
  },
  NUMBER_RANGE: {
    severity: 'error',
    what: 'a number that no function has',
    effect: 'the element stays on the list and matches nothing; no message',
  },
  DUPLICATE: {
    severity: 'warning',
    what: 'it is named before',
    effect: 'it is on the list twice, without harm',
  },
} as const satisfies Readonly<Record<string, Meaning>>;

const LINUX_FAILS =
  'the driver does not start ("Error parsing pci_devs_to_hide", with the list from this element on): nothing is hidden, good elements included';

/** drivers/xen/xen-pciback/pci_stub.c, kernel/params.c, lib/cmdline.c and lib/vsprintf.c, of Linux 6. */
const LINUX = {
  OPTION_ABSENT: {
    severity: 'error',
    what: 'there is no xen-pciback.hide= (pciback.hide= was its name in the kernels of XenLinux)',
    effect: 'nothing is hidden; no message',
  },
  OPTION_REPEATED: {
    severity: 'error',
    what: 'the option comes again later',
    effect: 'the later list replaces this one',
  },
  LINE_TOO_LONG: {
    severity: 'error',
    what: 'the command line has more than 2047 characters',
    effect: 'the kernel (of x86) drops what is beyond',
  },
  VALUE_EMPTY: { severity: 'warning', what: 'the list is empty', effect: 'nothing is hidden' },
  VALUE_ENDS: {
    severity: 'error',
    what: 'a space ends the list',
    effect: 'what follows is another option for the kernel; double quotes around the list keep it together',
  },
  VALUE_TOO_LONG: {
    severity: 'error',
    what: 'the list has more than 1024 characters',
    effect: 'the kernel refuses the option ("string parameter too long"): nothing is hidden',
  },
  SPACE_UNQUOTED: {
    severity: 'warning',
    what: 'the list has spaces',
    effect: 'on a kernel command line and in modprobe.d it must stand in double quotes, or ends here',
  },
  ELEMENT_EXPECTED: {
    severity: 'error',
    what: 'an element must begin with "(" here; only white space may stand between elements',
    effect: LINUX_FAILS,
  },
  ELEMENT_UNCLOSED: { severity: 'error', what: 'a ")" must follow here', effect: LINUX_FAILS },
  ELEMENT_BAD: {
    severity: 'error',
    what: 'from here it is not of the form [dddd:]bb:dd.f, [dddd:]bb:dd.* or [dddd:]bb:*.*',
    effect: LINUX_FAILS,
  },
  NUMBER_EMPTY: {
    severity: 'warning',
    what: 'a number without digits behind its 0x',
    effect: 'the kernel reads 0',
  },
  NUMBER_PREFIXED: { severity: 'warning', what: 'a number with a prefix 0x', effect: 'the kernel takes it' },
  NUMBER_WRAPS: {
    severity: 'error',
    what: 'a number of more than 32 bits',
    effect: 'the kernel keeps the lowest 32',
  },
  NUMBER_RANGE: {
    severity: 'error',
    what: 'a number that no function has',
    effect: 'the driver does not start, without a message: nothing is hidden, good elements included',
  },
  NUMBER_IS_WILDCARD: {
    severity: 'error',
    what: 'a negative number of 32 bits',
    effect: 'the kernel takes it for *, and hides all',
  },
  DUPLICATE: {
    severity: 'warning',
    what: 'it is named before',
    effect: 'the kernel keeps it once (old ones twice)',
  },
} as const satisfies Readonly<Record<string, Meaning>>;

export type NetbsdFindingCode = keyof typeof NETBSD;
export type LinuxFindingCode = keyof typeof LINUX;
export type HideFindingCode = NetbsdFindingCode | LinuxFindingCode;

const MEANINGS: Readonly<Record<HideDialect, Readonly<Partial<Record<HideFindingCode, Meaning>>>>> = {
  netbsd: NETBSD,
  linux: LINUX,
};

/** The codes of a dialect's findings, each with its severity. */
export function findingCodes(dialect: HideDialect): readonly (readonly [string, HideSeverity])[] {
  return Object.entries(MEANINGS[dialect]).map(([code, { severity }]) => [code, severity]);
}

export function netbsdFinding(code: NetbsdFindingCode, position: number, text: string): HideFinding {
  return { code, severity: NETBSD[code].severity, position, text };
}

export function linuxFinding(code: LinuxFindingCode, position: number, text: string): HideFinding {
  return { code, severity: LINUX[code].severity, position, text };
}

/** What a finding is about, and what the system does. */
export function hideMeaning(
  dialect: HideDialect,
  code: HideFindingCode,
): { readonly what: string; readonly effect: string } {
  return MEANINGS[dialect][code] ?? { what: code, effect: '' };
}

/** Characters of the text that a finding shows. */
const MOST_SHOWN = 40;

/** One line for a person, columns from 1. */
export function describeHideFinding(dialect: HideDialect, { code, position, text }: HideFinding): string {
  const { what, effect } = hideMeaning(dialect, code);
  const shown = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
  const part = shown === '' ? '' : `, "${visibleText(shown)}"`;
  return `column ${position + 1}${part}: ${what}; ${effect}`;
}
