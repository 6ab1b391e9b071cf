/** What an /etc/default/grub really comes to. */
import type { BootFileKind, BootFinding, ByteText } from '../boot-file.js';
import { Findings, type TextSpan } from '../boot-rule.js';
import { hideListFindings, hideListIn, hideOptionIn } from '../hide-list-in-file.js';
import { GRUB_DEFAULTS_RULES, type GrubDefaultsRule } from './grub-defaults-rules.js';
import {
  assignmentNamed,
  kernelArguments,
  readGrubDefaults,
  valuesOf,
  type GrubAssignment,
  type GrubDefaults,
} from './grub-defaults.js';
import { printShell, readShell, type ShellCommand } from './shell-words.js';
import { vfioIdOptions } from './vfio-ids.js';

/** The arguments of the kernel, in the order in which grub-mkconfig puts them together, with what replaces each under Xen. */
const KERNEL_VARIABLES = [
  ['GRUB_CMDLINE_LINUX', 'GRUB_CMDLINE_LINUX_XEN_REPLACE'],
  ['GRUB_CMDLINE_LINUX_DEFAULT', 'GRUB_CMDLINE_LINUX_XEN_REPLACE_DEFAULT'],
] as const;
const KERNEL_NAMES: ReadonlySet<string> = new Set(KERNEL_VARIABLES.flat());
const XEN_NAMES: ReadonlySet<string> = new Set(['GRUB_CMDLINE_XEN', 'GRUB_CMDLINE_XEN_DEFAULT']);

/** What belongs to conditions and is there in any shell. */
const BUILT_IN: ReadonlySet<string> = new Set(
  'if then elif else fi for while until do done case esac { } ! [ test : . source true false unset export'.split(
    ' ',
  ),
);

type Found = Findings<GrubDefaultsRule>;

function lint(text: ByteText): readonly BootFinding[] {
  const findings = new Findings(GRUB_DEFAULTS_RULES);
  const defaults = readGrubDefaults(text);
  if (defaults.unclosed !== undefined)
    findings.add('QUOTE_UNCLOSED', { offset: defaults.unclosed, length: 1 });
  for (const command of defaults.others) lintCommand(command, text, findings);
  const next = new Map<string, GrubAssignment>();
  // From the end, so that the next one of the name is known.
  for (const assignment of defaults.assignments.toReversed()) {
    lintAssignment(assignment, next.get(assignment.name), findings);
    next.set(assignment.name, assignment);
  }
  lintHideLists(defaults, findings);
  return findings.sorted();
}

function lintCommand({ words, operator, operatorAt }: ShellCommand, text: ByteText, findings: Found): void {
  const [first, second] = words;
  const character = text.charAt(operatorAt);
  if (operator === 'other' && (character === '(' || character === ')')) {
    findings.add('PARENTHESIS_UNQUOTED', { offset: operatorAt, length: 1 });
    return;
  }
  if (first === undefined) return;
  const at = { offset: first.start, length: first.end - first.start };
  const isAssignment = /^[A-Za-z_][A-Za-z0-9_]*=/.test(first.value);
  if (second !== undefined && /^\w+$/.test(first.value) && second.value.startsWith('='))
    findings.add('EQUALS_SPACED', { offset: first.end, length: second.start + 1 - first.end });
  else if (isAssignment && second !== undefined)
    findings.add('VALUE_UNQUOTED', { offset: second.start, length: second.end - second.start });
  else if (!isAssignment && !BUILT_IN.has(first.value)) findings.add('COMMAND', at);
}

/** Characters of the value, where they stand in the file. */
export function valueSpan({ word, prefix }: GrubAssignment, from: number, to: number): TextSpan {
  const offset = word.offsets[prefix + from] ?? word.end;
  return { offset, length: Math.max(0, (word.offsets[prefix + to] ?? word.end) - offset) };
}

/** `next`: the later one of the same name. */
function lintAssignment(assignment: GrubAssignment, next: GrubAssignment | undefined, findings: Found): void {
  const { name, word, value } = assignment;
  const about = { offset: word.start, length: name.length };
  if (value.endsWith('\r'))
    findings.add('CARRIAGE_RETURN', valueSpan(assignment, value.length - 1, value.length));
  const isLost = next !== undefined && !next.conditional && !next.word.expansions.includes(name);
  if (isLost && value !== '' && !assignment.conditional) findings.add('ASSIGNMENT_REPEATED', about);
  if (XEN_NAMES.has(name)) {
    const option = hideOptionIn('linux', value);
    if (option !== undefined)
      findings.add(
        'HIDE_ON_HYPERVISOR',
        valueSpan(assignment, option.start, option.start + option.text.length),
      );
  }
  if (KERNEL_NAMES.has(name)) lintKernelArguments(assignment, findings);
}

function lintKernelArguments(assignment: GrubAssignment, findings: Found): void {
  const { value } = assignment;
  const at = (position: number) => valueSpan(assignment, position, position).offset;
  if (hideOptionIn('linux', value) !== undefined)
    findings.include(hideListFindings(hideListIn('linux', value), at));
  const old = /(?:^|\s)pciback\.hide=\S*/.exec(value);
  if (old !== null) {
    const start = old.index + old[0].search(/\S/);
    findings.add('HIDE_OLD_NAME', valueSpan(assignment, start, old.index + old[0].length));
  }
  const options = vfioIdOptions(value);
  for (const { start, valueStart } of options.slice(0, -1))
    findings.add('IDS_REPEATED', valueSpan(assignment, start, valueStart));
  for (const { entries } of options)
    for (const { start, text, ids } of entries)
      if (ids === undefined || ids.vendor > 0xffff || ids.device > 0xffff)
        findings.add('IDS_MALFORMED', valueSpan(assignment, start, start + text.length));
}

/** Whether the option reaches the kernel of domain 0, and which one counts. */
function lintHideLists(defaults: GrubDefaults, findings: Found): void {
  const values = valuesOf(defaults);
  const reaching = hideOptionIn('linux', kernelArguments(values).xenLinux);
  const counting: GrubAssignment[] = [];
  for (const [name, replacing] of KERNEL_VARIABLES) {
    const isReplaced = (values.get(replacing) ?? '') !== '';
    const own = assignmentNamed(defaults, name);
    const counted = isReplaced ? assignmentNamed(defaults, replacing) : own;
    if (counted !== undefined && hideOptionIn('linux', counted.value) !== undefined) counting.push(counted);
    const option = own === undefined ? undefined : hideOptionIn('linux', own.value);
    if (!isReplaced || own === undefined || option === undefined) continue;
    if (reaching === undefined)
      findings.add('HIDE_REPLACED', valueSpan(own, option.start, option.start + option.text.length));
  }
  const [first, second] = counting;
  if (first !== undefined && second !== undefined)
    findings.add('HIDE_TWICE', { offset: first.word.start, length: first.name.length }, second.name);
}

export const grubDefaults: BootFileKind = {
  name: 'grub',
  reader: 'grub-mkconfig',
  recognises: (path) => /(?:^|\/)(?:grub|default\/grub\.d\/[^/]+\.cfg)$/.test(path),
  lint,
  print: (text) => printShell(readShell(text)),
};
