/** Finding the hide list in a command line, as each kernel cuts that into options. */
import { fittingLength } from './byte-length.js';
import { linuxFinding, netbsdFinding } from './hide-findings.js';
import type { HideFinding, HideValue } from './hide-list.js';
import { linuxTokens, type LineToken } from './kernel-options.js';

/** A list out of a command line, and what was wrong on the way to it. */
export interface FoundOption {
  /** Undefined where the kernel finds none. */
  readonly list: HideValue | undefined;
  /** The whole option, with its name and the quotes around it, that the list comes from. */
  readonly option?: { readonly text: string; readonly start: number };
  readonly findings: readonly HideFinding[];
}

/** True where the text is not a list alone but holds the option that gives it. */
export function holdsHideOption(text: string): boolean {
  return /(^|[\s"])[-\w]*pciback\.hide=/i.test(text);
}

/** Bytes of a command line that NetBSD keeps (xen_machdep.c). */
const NETBSD_LINE = 255;
const NETBSD_OPTION = 'pciback.hide=';

export function findNetbsdOption(line: string): FoundOption {
  const findings: HideFinding[] = [];
  const kept = fittingLength(line, NETBSD_LINE);
  if (kept < line.length) findings.push(netbsdFinding('LINE_TOO_LONG', kept, line.slice(kept)));
  const tokens: LineToken[] = [];
  // Cut at spaces and nothing else; the name counts in any case of its letters.
  for (const { 0: text, index } of line.slice(0, kept).matchAll(/[^ ]+/g))
    tokens.push({ text, start: index });
  const named = tokens.filter(({ text }) => text.toLowerCase().startsWith(NETBSD_OPTION));
  for (const { text, start } of named.slice(0, -1))
    findings.push(netbsdFinding('OPTION_REPEATED', start, text));
  const last = named.at(-1);
  if (last === undefined) {
    findings.push(netbsdFinding('OPTION_ABSENT', 0, ''));
    return { list: undefined, findings };
  }
  const lost = straggler(tokens, last);
  if (lost !== undefined) findings.push(netbsdFinding('VALUE_ENDS', lost.start, lost.text));
  const value = last.text.slice(NETBSD_OPTION.length);
  return { list: { value, start: last.start + NETBSD_OPTION.length }, option: last, findings };
}

/** Behind an option, what looks like the rest of its list. */
function straggler(tokens: readonly LineToken[], option: LineToken): LineToken | undefined {
  const next = tokens[tokens.indexOf(option) + 1];
  return next?.text.startsWith('(') === true ? next : undefined;
}

/** Bytes of a command line that Linux keeps on x86 (COMMAND_LINE_SIZE with its end). */
const LINUX_LINE = 2047;
/** The two characters are one in names of parameters. */
const LINUX_OPTION = /^"?xen[-_]pciback\.hide=("?)/;

export function findLinuxOption(line: string): FoundOption {
  const findings: HideFinding[] = [];
  const kept = fittingLength(line, LINUX_LINE);
  if (kept < line.length) findings.push(linuxFinding('LINE_TOO_LONG', kept, line.slice(kept)));
  const tokens = linuxTokens(line.slice(0, kept));
  const named = tokens.filter(({ text }) => LINUX_OPTION.test(text));
  for (const { text, start } of named.slice(0, -1))
    findings.push(linuxFinding('OPTION_REPEATED', start, text));
  const last = named.at(-1);
  if (last === undefined) {
    findings.push(linuxFinding('OPTION_ABSENT', 0, ''));
    return { list: undefined, findings };
  }
  const lost = straggler(tokens, last);
  if (lost !== undefined) findings.push(linuxFinding('VALUE_ENDS', lost.start, lost.text));
  const [name = '', quote = ''] = LINUX_OPTION.exec(last.text) ?? [];
  const quoted = quote !== '' || last.text.startsWith('"');
  // The quotes around are no part of the value; others are.
  const end = quoted && last.text.length > name.length && last.text.endsWith('"') ? -1 : undefined;
  return {
    list: { value: last.text.slice(name.length, end), start: last.start + name.length },
    option: last,
    findings,
  };
}
