/** Reads what was saved of a machine, whether it is a capture of ours or a dump of lspci: its content tells. */
import { GivenFile } from '../../durable/given-file.js';
import type { Capture } from '../../function/index.js';
import { CaptureFileError, CaptureMalformedError, errnoOf } from './errors.js';
import { DumpParser } from './dump.js';

const CHUNK = 0x10_0000;
/** Bytes of a capture that are taken into memory: those of twenty thousand functions. */
const LARGEST = 1 << 28;
/** Lists and objects within each other: far more than any capture has. */
const DEEPEST = 32;

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [
  0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d,
];

/**
 * The schema of captures is loaded for one of ours alone: a dump is to be there as quickly as lspci has it.
 * @throws {CaptureFileError} @throws {CaptureMalformedError | CaptureVersionError | DumpMalformedError}
 */
export async function readCapture(file: string): Promise<Capture> {
  using given = attempt(file, () => new GivenFile(file));
  const chunk = Buffer.allocUnsafe(CHUNK);
  const read = () => attempt(file, () => given.read(chunk));
  let length = read();
  // A dump begins with an address or with words, a capture as any JSON object.
  if (/^\s*\{/.test(chunk.toString('latin1', 0, Math.min(length, 64)))) {
    if (attempt(file, () => given.size) > LARGEST) refuseSize(file);
    const parts: Buffer[] = [];
    let total = 0;
    for (; length > 0; length = read()) {
      total += length;
      // Pipes and devices do not say how much they have.
      if (total > LARGEST) refuseSize(file);
      parts.push(Buffer.from(chunk.subarray(0, length)));
    }
    const bytes = Buffer.concat(parts);
    if (depthOf(bytes) > DEEPEST)
      throw new CaptureMalformedError(file, '', `it has more than ${DEEPEST} lists within each other`);
    const { parseCapture } = await import('./capture-file.js');
    return parseCapture(bytes.toString(), file);
  }
  const parser = new DumpParser(file);
  for (; length > 0; length = read()) parser.push(chunk.subarray(0, length));
  const functions = parser.end();
  if (functions.length === 0)
    throw new CaptureMalformedError(file, '', 'it is neither a capture nor a dump: no function is in it');
  return { machine: file, taken: undefined, functions };
}

function refuseSize(file: string): never {
  throw new CaptureMalformedError(file, '', `it has more than ${LARGEST >> 20} MiB`);
}

/** How deep it nests: a parser needs memory for each level, many times that of its bracket. */
function depthOf(json: Buffer): number {
  let [depth, deepest] = [0, 0];
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) {
      at = endOfString(json, at);
      if (at < 0) return deepest;
    } else if (byte === OPEN_LIST || byte === OPEN_OBJECT) deepest = Math.max(deepest, ++depth);
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth--;
  }
  return deepest;
}

/** The quote that ends the string which begins at a quote; negative where none does. */
function endOfString(json: Buffer, start: number): number {
  for (let end = json.indexOf(QUOTE, start + 1); ; end = json.indexOf(QUOTE, end + 1)) {
    if (end < 0) return end;
    let slashes = 0;
    while (json[end - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end;
  }
}

function attempt<Result>(file: string, action: () => Result): Result {
  try {
    return action();
  } catch (cause) {
    throw new CaptureFileError(file, 'read', errnoOf(cause), { cause });
  }
}
