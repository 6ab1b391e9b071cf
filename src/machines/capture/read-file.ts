/** Reads what was saved of a machine, whether it is a capture of ours or a dump of lspci: its content tells. */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { Capture } from '../../function/index.js';
import { CaptureFileError, CaptureMalformedError, errnoOf } from './errors.js';
import { DumpParser } from './dump.js';

const CHUNK = 0x10_0000;

/**
 * The schema of captures is loaded for one of ours alone: a dump is to be there as quickly as lspci has it.
 * @throws {CaptureFileError} @throws {CaptureMalformedError | CaptureVersionError | DumpMalformedError}
 */
export async function readCapture(file: string): Promise<Capture> {
  const fd = attempt(file, () => openSync(file, 'r'));
  try {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const read = () => attempt(file, () => readSync(fd, chunk, 0, CHUNK, null));
    let length = read();
    // A dump begins with an address or with words, a capture as any JSON object.
    if (/^\s*\{/.test(chunk.toString('latin1', 0, Math.min(length, 64)))) {
      const text = attempt(file, () =>
        Buffer.concat([chunk.subarray(0, length), readFileSync(fd)]).toString(),
      );
      const { parseCapture } = await import('./capture-file.js');
      return parseCapture(text, file);
    }
    const parser = new DumpParser(file);
    for (; length > 0; length = read()) parser.push(chunk.subarray(0, length));
    const functions = parser.end();
    if (functions.length === 0)
      throw new CaptureMalformedError(file, '', 'it is neither a capture nor a dump: no function is in it');
    return { machine: file, taken: undefined, functions };
  } finally {
    closeSync(fd);
  }
}

function attempt<Result>(file: string, action: () => Result): Result {
  try {
    return action();
  } catch (cause) {
    throw new CaptureFileError(file, 'read', errnoOf(cause), { cause });
  }
}
