/** Refusals of captures: files that are none, and changes to what was only saved. */
import { OpenslotError } from '../../pci/index.js';

/** A line of a dump of configuration space is not one that lspci would read. */
export class DumpMalformedError extends OpenslotError {
  readonly code = 'DUMP_MALFORMED';
  /** `line`: its number, the first being 1. */
  constructor(file: string, line: number, why: string) {
    super(`${file}, line ${line}: ${why}`, { file, line, why }, 'docs/captures.md has the format');
  }
}
