/** How a refusal looks on the terminal, and the exit code that it gives. */
import { OpenslotError, withRemedies } from '../pci/errors.js';
import { visibleText } from '../pci/visible-text.js';
import { nextHere } from './next-command.js';
import { colorsOf } from './terminal-colors.js';

/** Refusals of what was typed, before anything was opened. */
const WRONG_COMMAND_LINE: ReadonlySet<string> = new Set([
  'ADDRESS_MALFORMED',
  'ADDRESS_RANGE',
  'ADDRESS_UNKNOWN',
  'SPEC_MALFORMED',
  'QEMU_SPEC_OPTION',
  'QEMU_HOST_ONLY',
  'FINDING_UNKNOWN',
  'HIDE_LIST_NOTATION',
  'BOOT_FILE_KIND',
  'MACHINE_UNKNOWN',
  'GUESTS_ELSEWHERE',
  'MACHINE_AMBIGUOUS',
  'REGISTER_MALFORMED',
  'FILTER_MALFORMED',
  'SCHEMA_UNKNOWN',
]);

/** Prints the error to standard error. @returns the exit code. */
export function reportFailure(error: unknown, json: boolean): number {
  const colors = colorsOf(process.stderr);
  if (!(error instanceof OpenslotError)) {
    // Not a refusal but a fault of the program: the stack is the evidence.
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(
      json ? `${JSON.stringify({ error: { code: 'INTERNAL', message } })}\n` : `${shown(message)}\n`,
    );
    return 1;
  }
  const next = nextHere(error.next);
  const message = withRemedies(error.message, nextHere);
  if (json) process.stderr.write(`${JSON.stringify({ error: { ...error.toJSON(), message, next } })}\n`);
  else {
    process.stderr.write(`${colors.red('error')} ${colors.bold(error.code)}: ${shown(message)}\n`);
    if (next !== '') process.stderr.write(`${colors.cyan('next')}  ${shown(next)}\n`);
  }
  return WRONG_COMMAND_LINE.has(error.code) ? 2 : 1;
}

/** Words of files and devices stand in it: they begin no colour and no command to the terminal. */
function shown(text: string): string {
  return text.split('\n').map(visibleText).join('\n');
}
