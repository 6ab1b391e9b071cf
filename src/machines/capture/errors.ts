/** Refusals of captures: files that are none, and changes to what was only saved. */
import { OpenslotError, visibleText } from '../../pci/index.js';

/** A line of a dump of configuration space is not one that lspci would read. */
export class DumpMalformedError extends OpenslotError {
  readonly code = 'DUMP_MALFORMED';
  /** `line`: its number, the first being 1. */
  constructor(file: string, line: number, why: string) {
    super(`${file}, line ${line}: ${why}`, { file, line, why }, 'docs/captures.md has the format');
  }
}

/** The file of a capture cannot be read or written. */
export class CaptureFileError extends OpenslotError {
  readonly code = 'CAPTURE_FILE';
  constructor(file: string, what: 'read' | 'written', errno: string, options?: ErrorOptions) {
    const next =
      what === 'read'
        ? 'name a file that capture wrote, or lspci -xxxx'
        : 'name a file in a folder that you may write to, or - for standard output';
    super(`the capture ${file} cannot be ${what}: ${errno}`, { file, errno }, next, options);
  }
}

const LONGEST_SHOWN = 200;

function shownShort(text: string): string {
  return visibleText(text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text);
}

/** A file is neither a capture nor a dump, or not as either has to be. */
export class CaptureMalformedError extends OpenslotError {
  readonly code = 'CAPTURE_MALFORMED';
  /** `where`: names and numbers of what is wrong, `functions.3.config`; empty for all of it. */
  constructor(file: string, where: string, why: string, options?: ErrorOptions) {
    // Both may have words of the file in them.
    [where, why] = [shownShort(where), shownShort(why)];
    const place = where === '' ? file : `${file}, ${where}`;
    super(`${place}: ${why}`, { file, where, why }, 'docs/captures.md has the formats', options);
  }
}

/** A later openslot wrote the capture, in a shape that this one does not know. */
export class CaptureVersionError extends OpenslotError {
  readonly code = 'CAPTURE_VERSION';
  constructor(file: string, version: number, known: number) {
    super(
      `${file} has version ${version} of the format, and this openslot reads ${known}`,
      { file, version, known },
      'read it with a later version; there, for a dump that any reads: openslot capture FILE --format lspci',
    );
  }
}

/** The name of a system call's error, for evidence. */
export function errnoOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? String(cause);
}
