/** `openslot lint`: what the real reader of a boot file, or of a guest's configuration, would do with it. */
import { Option, type Command } from 'commander';
import {
  BOOT_FILES,
  BootFileKindError,
  BootFileUnreadableError,
  bootFileKind,
  bootFileKindNamed,
  placesIn,
  type BootFileKind,
  type BootFinding,
  type ByteText,
} from '../boot/index.js';
import { readGivenFile } from '../durable/index.js';
import { visibleText } from '../pci/index.js';

interface LintOptions {
  readonly as?: string;
  readonly json?: boolean;
}

export function define(command: Command): void {
  command
    .addOption(
      new Option('--as <kind>', 'what reads the file, where its name does not say it').choices(
        BOOT_FILES.map(({ name }) => name),
      ),
    )
    .option('--json', 'print data')
    .addHelpText(
      'after',
      `
Reads the file as its real reader does, with that reader's limits, and tells line, column and rule of everything that
does not do what it seems to say, and what the system would do instead. Nothing is changed. FILE may be - for standard
input. docs/lint.md lists the kinds and their rules.

The exit code is 0 where the system does what the file says, warnings or not, and 1 where it does not.

Examples:
  openslot lint /boot.cfg
  openslot lint --as boot.cfg - < new.cfg
  openslot lint --json /etc/default/grub`,
    )
    .action(lint);
}

function lint(file: string, { as, json }: LintOptions): void {
  const kind = as === undefined ? bootFileKind(file) : bootFileKindNamed(as);
  // A file that is not there is told as that, whatever it is called.
  const text = textOf(file);
  if (kind === undefined)
    throw new BootFileKindError(
      file,
      BOOT_FILES.map(({ name }) => name),
    );
  // Who says what the file is does not mean its name.
  const findings = kind.lint(text, as === undefined && file !== '-' ? file : undefined);
  if (json === true) printData(file, kind, text, findings);
  else printFindings(file, kind, text, findings);
  if (findings.some(({ severity }) => severity === 'error')) process.exitCode = 1;
}

/** @throws {BootFileUnreadableError} */
function textOf(file: string): ByteText {
  try {
    return readGivenFile(file === '-' ? 0 : file, 'latin1');
  } catch (cause) {
    throw new BootFileUnreadableError(file, (cause as NodeJS.ErrnoException).code ?? String(cause), {
      cause,
    });
  }
}

/** Characters of the file that a finding shows. */
const MOST_SHOWN = 40;

function shownText(text: ByteText, { offset, length }: BootFinding): string {
  // What a person sees is the file's own encoding.
  const part = Buffer.from(text.slice(offset, offset + length), 'latin1').toString('utf8');
  const [line = ''] = part.split('\n');
  const shown = line.length > MOST_SHOWN ? `${line.slice(0, MOST_SHOWN)}…` : line;
  return shown === '' ? '' : ` "${visibleText(shown)}"`;
}

function printFindings(
  file: string,
  { reader }: BootFileKind,
  text: ByteText,
  findings: readonly BootFinding[],
): void {
  const placeOf = placesIn(text);
  for (const finding of findings) {
    const { line, column } = placeOf(finding.offset);
    const { severity, code, what, effect } = finding;
    process.stdout.write(
      `${visibleText(file)}:${line}:${column}: ${severity} ${code}${shownText(text, finding)}: ${visibleText(what)}; ${effect}\n`,
    );
  }
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  const warnings = findings.length - errors;
  process.stdout.write(
    findings.length === 0
      ? `${visibleText(file)}: ${reader} does what it says\n`
      : `${visibleText(file)}: ${count(errors, 'error')}, ${count(warnings, 'warning')}, as ${reader} reads it\n`,
  );
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function printData(
  file: string,
  { name, reader }: BootFileKind,
  text: ByteText,
  findings: readonly BootFinding[],
): void {
  const placeOf = placesIn(text);
  const data = {
    file,
    kind: name,
    reader,
    sound: findings.every(({ severity }) => severity !== 'error'),
    findings: findings.map((finding) => ({ ...placeOf(finding.offset), ...finding })),
  };
  process.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`);
}
