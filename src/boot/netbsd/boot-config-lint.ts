/** What NetBSD's boot loader, and the kernel behind it, would really do with a boot.cfg. */
import type { BootFileKind, BootFinding, ByteText } from '../boot-file.js';
import { BootFindings, inAscii } from '../boot-rules.js';
import { hideGrammars } from '../hide-dialects.js';
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
const HIDE = /(?:^|[ \t])pciback\.hide=/i;
const SINGLE: ReadonlySet<string> = new Set(['timeout', 'default', 'consdev', 'format', 'clear']);

type Findings = BootFindings<BootConfigRule>;

function lint(text: ByteText): readonly BootFinding[] {
  const findings = new BootFindings(BOOT_CONFIG_RULES);
  if (text.length > LARGEST_FILE) findings.add('FILE_TOO_LARGE', LARGEST_FILE, text.length - LARGEST_FILE);
  const config = readBootConfig(text);
  if (config.lines.length > 0 || text.length <= LARGEST_FILE) {
    const { length } = config.unread;
    if (length > 0) findings.add('NUL_ENDS', text.length - length, length);
  }
  for (const line of config.lines) lintLine(line, findings);
  lintCounts(config, findings);
  for (const load of loadLines(config)) lintModule(load, findings);
  for (const line of config.lines.filter(({ meaning }) => meaning === 'menu')) lintEntry(line, findings);
  lintKernels(config, findings);
  return findings.inOrder();
}

function lintLine(line: BootConfigLine, findings: Findings): void {
  const { start, key, separator, value, comment, valueStart, meaning } = line;
  const said = key + separator + value;
  if (said.trim() === '') return;
  if (comment !== '') findings.add('COMMENT_CUTS', start + said.length, comment.length);
  else if (said.endsWith('\r')) findings.add('CARRIAGE_RETURN', start + said.length - 1, 1);
  if (separator === '') findings.add('SEPARATOR_MISSING', start, said.length);
  else if (meaning === undefined) lintUnknown(line, findings);
  else if (key !== meaning) findings.add('KEY_PREFIX', start, key.length, `"${key}" is "${meaning}"`);
  const about = (code: BootConfigRule) => {
    findings.add(code, valueStart, value.length);
  };
  if (meaning === 'timeout' && !/^(?:\d|-1\s*$)/.test(value)) about('TIMEOUT_FOREVER');
  if (meaning === 'consdev' && !CONSOLE.test(value)) about('CONSOLE_UNKNOWN');
  if (meaning === 'format' && !/^[andl]/i.test(value)) about('FORMAT_UNKNOWN');
}

function lintUnknown({ start, key }: BootConfigLine, findings: Findings): void {
  const name = key.trim();
  if (COMMANDS_AS_KEYS.has(name)) findings.add('KEY_IS_COMMAND', start, key.length);
  else if (/^\s/.test(key)) findings.add('KEY_SPACED', start, key.length - key.trimStart().length);
  else findings.add('KEY_UNKNOWN', start, key.length);
}

/** What counts once, or up to a number of times. */
function lintCounts({ lines }: BootConfig, findings: Findings): void {
  const of = (wanted: string) => lines.filter(({ meaning }) => meaning === wanted);
  for (const name of SINGLE)
    for (const { start, key } of of(name).slice(0, -1)) findings.add('KEY_REPEATED', start, key.length);
  for (const { start, key } of of('menu').slice(MOST_ENTRIES))
    findings.add('MENU_TOO_MANY', start, key.length);
  for (const { start, key } of of('banner').slice(MOST_BANNERS))
    findings.add('BANNER_TOO_MANY', start, key.length);
  const entries = Math.min(MOST_ENTRIES, of('menu').filter(({ value }) => value.includes(':')).length);
  for (const { value, valueStart } of of('default')) {
    const number = /^\s*\+?\d+/.test(value) ? Number.parseInt(value, 10) : 0;
    if (number < 1 || (entries > 0 && number > entries))
      findings.add('DEFAULT_RANGE', valueStart, value.length, `there are ${entries} entries`);
  }
}

function lintEntry(line: BootConfigLine, findings: Findings): void {
  const { description, commands } = readMenuEntry(line);
  if (description === undefined) {
    findings.add('MENU_COLON_MISSING', line.valueStart, line.value.length);
    return;
  }
  const booting = commands.findIndex(({ word }) => word === 'boot' || word === 'multiboot');
  for (const [index, command] of commands.entries()) {
    const { offset, word, copied, text } = command;
    if (copied > COMMAND_TEXT)
      findings.add('COMMAND_TOO_LONG', offset + COMMAND_TEXT, copied - COMMAND_TEXT, `${copied}`);
    if (!COMMANDS.has(word)) findings.add('COMMAND_UNKNOWN', offset, word.length);
    else if (booting !== -1 && index > booting) findings.add('COMMAND_UNREACHED', offset, text.length);
    lintHidePlace(command, findings);
  }
  for (const load of loadCommands(commands)) lintModule(load, findings);
}

function lintHidePlace({ word, text, offset }: MenuCommand, findings: Findings): void {
  if (word !== 'multiboot' && word !== 'boot') return;
  const found = HIDE.exec(text);
  if (found === null) return;
  const start = found.index + found[0].search(/\S/);
  findings.add(
    word === 'multiboot' ? 'HIDE_ON_HYPERVISOR' : 'HIDE_WITHOUT_XEN',
    offset + start,
    /^\S*/.exec(text.slice(start))?.[0].length ?? 0,
  );
}

/** What the kernel reads in its arguments, as far as the loader lets it see them. */
function lintModule(load: LoadedModule, findings: Findings): void {
  const { offset, text, argumentsOffset } = load;
  if (text.length > MODULE_TEXT)
    findings.add('MODULE_TEXT_CUT', offset + MODULE_TEXT, text.length - MODULE_TEXT, `${text.length}`);
  if (!HIDE.test(load.arguments)) return;
  const seen = text.slice(argumentsOffset - offset, MODULE_TEXT);
  findings.addHideList(
    hideGrammars.netbsd.parseCommandLine(inAscii(seen)),
    (position) => argumentsOffset + position,
  );
}

/** Of each entry that boots Xen: whether its first load can be the kernel, and where the option stands. */
function lintKernels(config: BootConfig, findings: Findings): void {
  const kernels = new Set<number>();
  const others = new Map<number, LoadedModule>();
  const told = new Set<number>();
  for (const { multiboot, modules } of multibootEntries(config)) {
    const [kernel, ...rest] = modules;
    if (kernel === undefined) findings.add('KERNEL_MISSING', multiboot.offset, multiboot.text.length);
    else kernels.add(kernel.offset);
    if (kernel !== undefined && !isKernelFile(kernel.file) && !told.has(kernel.offset)) {
      told.add(kernel.offset);
      findings.add('KERNEL_IS_MODULE', kernel.offset, kernel.file.length);
    }
    for (const other of rest) others.set(other.offset, other);
  }
  for (const [offset, load] of others)
    if (!kernels.has(offset) && HIDE.test(load.arguments))
      findings.add('HIDE_NOT_ON_KERNEL', load.argumentsOffset, load.arguments.length);
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
