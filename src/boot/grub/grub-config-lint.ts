/** Whether what hides functions stands, in a grub.cfg, where the kernel that it is for reads it. */
import type { BootFileKind, BootFinding, ByteText } from '../boot-file.js';
import { Findings, type TextSpan } from '../boot-rule.js';
import { hideListFindings, hideListIn, hideOptionIn } from '../hide-list-in-file.js';
import { GRUB_CONFIG_RULES, type GrubConfigRule } from './grub-config-rules.js';
import { GRUB_SCRIPT, printShell, readShell, type ShellCommand } from './shell-words.js';
import { vfioIdOptions } from './vfio-ids.js';

/** What is started by a command of GRUB: where arguments go. */
type Started = 'hypervisor' | 'domain 0' | 'later module' | 'linux';

/** Arguments as GRUB passes them on, each character with its place in the file. */
interface Arguments {
  readonly text: ByteText;
  /** From a character on up to another one. */
  readonly span: (from: number, to: number) => TextSpan;
}

const MULTIBOOT: ReadonlySet<string> = new Set(['multiboot', 'multiboot2']);
const MODULE: ReadonlySet<string> = new Set(['module', 'module2']);
const LINUX: ReadonlySet<string> = new Set(['linux', 'linux16', 'linuxefi']);

function lint(text: ByteText): readonly BootFinding[] {
  const findings = new Findings(GRUB_CONFIG_RULES);
  const { commands, unclosed } = readShell(text, GRUB_SCRIPT);
  if (unclosed !== undefined) findings.add('QUOTE_UNCLOSED', { offset: unclosed, length: 1 });
  /** What the next module is; undefined where no Xen was loaded for it. */
  let module: Started | undefined;
  for (const command of commands) {
    const [name, file] = command.words.map(({ value }) => value);
    if (name === undefined) continue;
    const isXen = /(?:^|\/)xen[^/]*$/.test(file ?? '');
    if (name === 'menuentry') module = undefined;
    else if (LINUX.has(name)) lintArguments('linux', command, findings);
    else if (MULTIBOOT.has(name)) {
      module = isXen ? 'domain 0' : undefined;
      if (isXen) lintArguments('hypervisor', command, findings);
    } else if (MODULE.has(name) && module !== undefined) {
      lintArguments(module, command, findings);
      module = 'later module';
    }
  }
  return findings.sorted();
}

/** What is behind the command and its file. */
function argumentsOf({ words }: ShellCommand): Arguments {
  const all = words.slice(2);
  // A word has a place for each of its characters and one for its end: that of the blank behind it.
  const offsets = all.flatMap((word) => word.offsets);
  const last = all.at(-1)?.end ?? 0;
  const at = (position: number) => offsets[position] ?? last;
  return {
    text: all.map(({ value }) => value).join(' '),
    span: (from, to) => ({ offset: at(from), length: Math.max(0, at(to) - at(from)) }),
  };
}

const MISPLACED: Readonly<Record<Exclude<Started, 'domain 0'>, GrubConfigRule>> = {
  hypervisor: 'HIDE_ON_HYPERVISOR',
  'later module': 'HIDE_NOT_ON_KERNEL',
  linux: 'HIDE_WITHOUT_XEN',
};

function lintArguments(started: Started, command: ShellCommand, findings: Findings<GrubConfigRule>): void {
  const { text, span } = argumentsOf(command);
  const option = hideOptionIn('linux', text);
  if (option !== undefined) {
    if (started === 'domain 0')
      findings.include(
        hideListFindings(hideListIn('linux', text), (position) => span(position, position).offset),
      );
    else findings.add(MISPLACED[started], span(option.start, option.start + option.text.length));
  }
  const old = /(?:^|\s)pciback\.hide=\S*/.exec(text);
  if (old !== null && started === 'domain 0')
    findings.add('HIDE_OLD_NAME', span(old.index + old[0].search(/\S/), old.index + old[0].length));
  lintIds(started, { text, span }, findings);
}

function lintIds(started: Started, { text, span }: Arguments, findings: Findings<GrubConfigRule>): void {
  const options = vfioIdOptions(text);
  if (started === 'hypervisor') {
    for (const { start, end } of options) findings.add('IDS_ON_HYPERVISOR', span(start, end));
    return;
  }
  for (const { start, valueStart } of options.slice(0, -1))
    findings.add('IDS_REPEATED', span(start, valueStart));
  for (const { entries } of options)
    for (const { start, text: entry, ids } of entries)
      if (ids === undefined || ids.vendor > 0xffff || ids.device > 0xffff)
        findings.add('IDS_MALFORMED', span(start, start + entry.length));
}

export const grubConfig: BootFileKind = {
  name: 'grub.cfg',
  reader: 'GRUB',
  recognises: (path) => /(?:^|\/)grub2?\/grub\.cfg$/.test(path),
  lint,
  print: (text) => printShell(readShell(text, GRUB_SCRIPT)),
};
