/** The two grammars of hide lists side by side: what each system reads in a text, and how each is written. */
import { linuxFinding } from './hide-findings.js';
import type { HideDialect, HideList } from './hide-list.js';
import { findLinuxOption, findNetbsdOption, holdsHideOption } from './hide-option.js';
import type { HidePattern } from './hide-pattern.js';
import { formatLinuxHideList, parseLinuxHideList } from './linux-hide-list.js';
import { formatNetbsdHideList, parseNetbsdHideList } from './netbsd-hide-list.js';

/** How one system reads and writes hide lists; docs/hide.md has both. */
export interface HideGrammar {
  /** The option with its `=`, as the system's own command line has it. */
  readonly option: string;
  /**
   * Reads a list, or a text with the option that gives it. Never throws: what is wrong is among the findings, whose
   * positions count from the beginning of the text.
   */
  parse(text: string): HideList;
  /** Reads a kernel's command line, in which the option may be missing. */
  parseCommandLine(line: string): HideList;
  /** The list alone. @throws {HideListLimitError} the system has no way, or no room, to say it. */
  format(patterns: readonly HidePattern[]): string;
}

const NOTHING = { value: '', elements: [], claims: [], findings: [] } as const;

const netbsd: HideGrammar = {
  option: 'pciback.hide=',
  parse(text) {
    return holdsHideOption(text)
      ? this.parseCommandLine(text)
      : parseNetbsdHideList({ value: text, start: 0 });
  },
  parseCommandLine(line) {
    const { list, findings } = findNetbsdOption(line);
    if (list === undefined) return together({ dialect: 'netbsd', ...NOTHING, backEnd: false }, findings);
    return together(parseNetbsdHideList(list), findings);
  },
  format: formatNetbsdHideList,
};

const linux: HideGrammar = {
  option: 'xen-pciback.hide=',
  parse(text) {
    if (holdsHideOption(text)) return this.parseCommandLine(text);
    const list = parseLinuxHideList({ value: text, start: 0 });
    const space = /[\t-\r ]/.exec(text);
    return space === null
      ? list
      : together(list, [linuxFinding('SPACE_UNQUOTED', space.index, text.slice(space.index))]);
  },
  parseCommandLine(line) {
    const { list, findings } = findLinuxOption(line);
    if (list === undefined) return together({ dialect: 'linux', ...NOTHING, backEnd: true }, findings);
    return together(parseLinuxHideList(list), findings);
  },
  format: formatLinuxHideList,
};

function together(list: HideList, findings: HideList['findings']): HideList {
  return { ...list, findings: [...findings, ...list.findings].sort((a, b) => a.position - b.position) };
}

/** NetBSD 7.99 of 2015 (sys/arch/xen/xen/pciback.c), and Linux 6 (drivers/xen/xen-pciback/pci_stub.c). */
export const hideGrammars: Readonly<Record<HideDialect, HideGrammar>> = { netbsd, linux };

/**
 * For whom a text is, where it says so itself: today's option of Linux is nobody else's. The name `pciback.hide=` is
 * NetBSD's and that of old Linux kernels, and a list alone may be for either.
 */
export function certainDialect(text: string): HideDialect | undefined {
  return /(^|[\s"])xen[-_]pciback\.hide=/.test(text) ? 'linux' : undefined;
}
