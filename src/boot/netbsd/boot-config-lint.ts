/** What NetBSD's boot loader, and the kernel behind it, would really do with a boot.cfg. */
import type { BootFileKind, BootFinding, ByteText } from '../boot-file.js';
import { Findings } from '../boot-rule.js';
import { hideListFindings, hideListIn } from '../hide-list-in-file.js';
import {
  LARGEST_FILE,
  loadCommands,
  loadLines,
  multibootEntries,
  printBootConfig,
  readBootConfig,
  readMenuEntry,
  type BootConfig,
  type BootConfigLine,
  type LoadedModule,
  type MenuCommand,
} from './boot-config.js';
import { BOOT_CONFIG_RULES, type BootConfigRule } from './boot-config-rules.js';

/** Characters of a module's text that reach the kernel, and of a command that fit the loader's buffer. */
export const MODULE_TEXT = 79;
const COMMAND_TEXT = 79;
const MOST_ENTRIES = 20;
const MOST_BANNERS = 12;
/** What one digit can choose. */
const MOST_NUMBERED = 9;
/** Seconds, where no line says them. */
const TIMEOUT = 10;

const COMMANDS: ReadonlySet<string> = new Set(
  'help ? ls quit boot dev consdev menu modules load multiboot vesa splash rndseed fs userconf prompt'.split(
    ' ',
  ),
);
const COMMANDS_AS_KEYS: ReadonlySet<string> = new Set([
  'rndseed',
  'fs',
  'splash',
  'boot',
  'multiboot',
  'vesa',
]);
const CONSOLE = /^(?:pc|com[0-3](?:kbd)?|auto)$/;
const FORMAT = /^[andl]/i;
const HIDE = /(?:^|[ \t])pciback\.hide=/i;
const SINGLE: ReadonlySet<string> = new Set(['timeout', 'default', 'consdev', 'format', 'clear']);

function lint(text: ByteText): readonly BootFinding[] {
  const findings = new Findings(BOOT_CONFIG_RULES);
  const config = readBootConfig(text);
  if (text.length > LARGEST_FILE)
    findings.add('FILE_TOO_LARGE', { offset: LARGEST_FILE, length: text.length - LARGEST_FILE });
  else if (config.unread !== '') {
    const { length } = config.unread;
    findings.add('NUL_ENDS', { offset: text.length - length, length });
  }
  for (const line of config.lines) lintLine(line, findings);
  lintCounts(config, findings);
  for (const load of loadLines(config)) lintModule(load, findings);
  for (const line of config.lines.filter(({ meaning }) => meaning === 'menu')) lintEntry(line, findings);
  lintKernels(config, findings);
  return findings.sorted();
}

function lintLine(line: BootConfigLine, findings: Findings<BootConfigRule>): void {
  const { start, key, separator, value, comment, valueStart, meaning } = line;
  const said = key + separator + value;
  if (said.trim() === '') return;
  if (comment !== '') findings.add('COMMENT_CUTS', { offset: start + said.length, length: comment.length });
  else if (said.endsWith('\r'))
    findings.add('CARRIAGE_RETURN', { offset: start + said.length - 1, length: 1 });
  if (separator === '') findings.add('SEPARATOR_MISSING', { offset: start, length: said.length });
  else if (meaning === undefined) lintUnknown(line, findings);
  else if (key !== meaning)
    findings.add('KEY_PREFIX', { offset: start, length: key.length }, `"${key}" is "${meaning}"`);
  const about = (code: BootConfigRule) => {
    findings.add(code, { offset: valueStart, length: value.length });
  };
  if (meaning === 'timeout' && !/^(?:\d|-1\s*$)/.test(value)) about('TIMEOUT_FOREVER');
  if (meaning === 'timeout' && /^\d+(?:[^\d\s]|\s+\S)/.test(value)) about('TIMEOUT_CUT');
  if (meaning === 'clear' && !/^\s*[-+]?\d/.test(value)) about('CLEAR_NOT_NUMBER');
  if (meaning === 'consdev' && !CONSOLE.test(value)) about('CONSOLE_UNKNOWN');
  if (meaning === 'format' && !FORMAT.test(value)) about('FORMAT_UNKNOWN');
}

function lintUnknown({ start, key }: BootConfigLine, findings: Findings<BootConfigRule>): void {
  const name = key.trim();
  if (COMMANDS_AS_KEYS.has(name)) findings.add('KEY_IS_COMMAND', { offset: start, length: key.length });
  else if (/^\s/.test(key))
    findings.add('KEY_SPACED', { offset: start, length: key.length - key.trimStart().length });
  else findings.add('KEY_UNKNOWN', { offset: start, length: key.length });
}

/** What counts once, or up to a number of times. */
function lintCounts({ lines }: BootConfig, findings: Findings<BootConfigRule>): void {
  const of = (wanted: string) => lines.filter(({ meaning }) => meaning === wanted);
  for (const name of SINGLE)
    for (const { start, key } of of(name).slice(0, -1))
      findings.add('KEY_REPEATED', { offset: start, length: key.length });
  for (const { start, key } of of('banner').slice(MOST_BANNERS))
    findings.add('BANNER_TOO_MANY', { offset: start, length: key.length });
  const menu = of('menu').filter(({ value }) => value.includes(':'));
  for (const { start, key } of menu.slice(MOST_ENTRIES))
    findings.add('MENU_TOO_MANY', { offset: start, length: key.length });
  const most = choosesByDigit(of('format'), of('timeout').at(-1)) ? MOST_NUMBERED : MOST_ENTRIES;
  for (const { start, key } of menu.slice(most, MOST_ENTRIES))
    findings.add('MENU_NUMBERS_END', { offset: start, length: key.length });
  const entries = Math.min(most, menu.length);
  for (const { value, valueStart } of of('default')) {
    const number = /^\s*\+?\d+/.test(value) ? Number.parseInt(value, 10) : 0;
    if (number < 1 || (entries > 0 && number > entries))
      findings.add(
        'DEFAULT_RANGE',
        { offset: valueStart, length: value.length },
        `there are ${entries} entries`,
      );
  }
}

/** One key chooses where numbers are wanted and the time runs: there is nobody to wait for a second digit. */
function choosesByDigit(formats: readonly BootConfigLine[], timeout: BootConfigLine | undefined): boolean {
  const format = formats.findLast(({ value }) => FORMAT.test(value));
  if (format === undefined || !/^[nd]/i.test(format.value)) return false;
  const digits = timeout === undefined ? String(TIMEOUT) : /^\d*/.exec(timeout.value)?.[0];
  return Number(digits) > 0;
}

function lintEntry(line: BootConfigLine, findings: Findings<BootConfigRule>): void {
  const { description, commands } = readMenuEntry(line);
  if (description === undefined) {
    findings.add('MENU_COLON_MISSING', { offset: line.valueStart, length: line.value.length });
    return;
  }
  const booting = commands.findIndex(({ word }) => word === 'boot' || word === 'multiboot');
  for (const [index, command] of commands.entries()) {
    const { offset, word, copied, text } = command;
    if (copied > COMMAND_TEXT)
      findings.add(
        'COMMAND_TOO_LONG',
        { offset: offset + COMMAND_TEXT, length: copied - COMMAND_TEXT },
        `${copied}`,
      );
    if (!COMMANDS.has(word)) findings.add('COMMAND_UNKNOWN', { offset, length: word.length });
    else if (booting !== -1 && index > booting)
      findings.add('COMMAND_UNREACHED', { offset, length: text.length });
    lintHidePlace(command, findings);
  }
  for (const load of loadCommands(commands)) lintModule(load, findings);
}

function lintHidePlace({ word, text, offset }: MenuCommand, findings: Findings<BootConfigRule>): void {
  if (word !== 'multiboot' && word !== 'boot') return;
  const found = HIDE.exec(text);
  if (found === null) return;
  const start = found.index + found[0].search(/\S/);
  findings.add(word === 'multiboot' ? 'HIDE_ON_HYPERVISOR' : 'HIDE_WITHOUT_XEN', {
    offset: offset + start,
    length: /^\S*/.exec(text.slice(start))?.[0].length ?? 0,
  });
}

/** What the kernel reads in its arguments, as far as the loader lets it see them. */
function lintModule(load: LoadedModule, findings: Findings<BootConfigRule>): void {
  const { offset, text, argumentsOffset } = load;
  if (text.length > MODULE_TEXT)
    findings.add(
      'MODULE_TEXT_CUT',
      { offset: offset + MODULE_TEXT, length: text.length - MODULE_TEXT },
      `${text.length}`,
    );
  if (!HIDE.test(load.arguments)) return;
  const seen = text.slice(argumentsOffset - offset, MODULE_TEXT);
  findings.include(hideListFindings(hideListIn('netbsd', seen), (position) => argumentsOffset + position));
}

/** Of each entry that boots Xen: whether its first load can be the kernel, and where the option stands. */
function lintKernels(config: BootConfig, findings: Findings<BootConfigRule>): void {
  const kernels = new Set<number>();
  const others = new Map<number, LoadedModule>();
  const told = new Set<number>();
  for (const { multiboot, modules } of multibootEntries(config)) {
    const [kernel, ...rest] = modules;
    if (kernel === undefined)
      findings.add('KERNEL_MISSING', { offset: multiboot.offset, length: multiboot.text.length });
    else kernels.add(kernel.offset);
    if (kernel !== undefined && !isKernelFile(kernel.file) && !told.has(kernel.offset)) {
      told.add(kernel.offset);
      findings.add('KERNEL_IS_MODULE', { offset: kernel.offset, length: kernel.file.length });
    }
    for (const other of rest) others.set(other.offset, other);
  }
  for (const [offset, load] of others)
    if (!kernels.has(offset) && HIDE.test(load.arguments))
      findings.add('HIDE_NOT_ON_KERNEL', { offset: load.argumentsOffset, length: load.arguments.length });
}

/** A name without a path is looked for among the modules of the kernel. */
export function isKernelFile(file: ByteText): boolean {
  return file.includes('/') && !file.endsWith('.kmod');
}

export const netbsdBootConfig: BootFileKind = {
  name: 'boot.cfg',
  reader: "NetBSD's boot loader",
  recognises: (path) => /(?:^|\/)boot\.cfg$/.test(path),
  lint,
  print: (text) => printBootConfig(readBootConfig(text)),
};
