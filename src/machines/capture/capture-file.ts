/** A capture as a file: one JSON object, written as a whole or not at all. */
import {
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { regionFromWire, regionToWire, type Capture, type CapturedFunction } from '../../function/index.js';
import { notations, visibleText } from '../../pci/index.js';
import { CaptureFileError, CaptureMalformedError, CaptureVersionError, errnoOf } from './errors.js';
import {
  CAPTURE_FORMAT,
  CAPTURE_VERSION,
  captureSchema,
  type CaptureData,
  type FunctionData,
} from './schema.js';

/** `redacted`: what was taken out of it, where anything was. */
export function formatCapture(
  { machine, taken, functions }: Capture,
  redacted: readonly string[] = [],
): string {
  const data: CaptureData = {
    format: CAPTURE_FORMAT,
    version: CAPTURE_VERSION,
    machine,
    ...(taken === undefined ? {} : { taken: taken.toISOString() }),
    ...(redacted.length === 0 ? {} : { redacted: [...redacted] }),
    functions: functions.map(dataOf),
  };
  return `${JSON.stringify(data, undefined, 2)}\n`;
}

function dataOf({
  address,
  config,
  regions,
  vpd,
  modules,
  unreadable,
  ...facts
}: CapturedFunction): FunctionData {
  return {
    address: String(address),
    config: hexOf(config),
    regions: regions?.map(regionToWire),
    ...facts,
    resetMethods: facts.resetMethods === undefined ? undefined : [...facts.resetMethods],
    modules: modules.length === 0 ? undefined : [...modules],
    vpd: vpd === undefined ? undefined : hexOf(vpd),
    unreadable: unreadable.length === 0 ? undefined : [...unreadable],
  };
}

/**
 * `file` is how errors name it. Whatever the text holds is answered.
 * @throws {CaptureMalformedError} it is no capture. @throws {CaptureVersionError} it is one of a later version.
 */
export function parseCapture(text: string, file: string): Capture {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CaptureMalformedError(file, '', `it is no JSON: ${(cause as Error).message}`, { cause });
  }
  checkVersion(value, file);
  const { data, error } = captureSchema.safeParse(value);
  if (data === undefined) {
    const [issue] = error.issues;
    throw new CaptureMalformedError(file, issue?.path.map(String).join('.') ?? '', issue?.message ?? '');
  }
  const functions = data.functions.map(functionOf);
  refuseTwins(functions, file);
  functions.sort((one, other) => one.address.sbdf - other.address.sbdf);
  const taken = data.taken === undefined ? undefined : new Date(data.taken);
  return { machine: visibleText(data.machine), taken, functions };
}

/** A machine has one function at an address: of two, each way of looking would take another one. */
function refuseTwins(functions: readonly CapturedFunction[], file: string): void {
  const places = new Map<number, number>();
  functions.forEach(({ address }, index) => {
    const other = places.get(address.sbdf);
    if (other !== undefined)
      throw new CaptureMalformedError(
        file,
        `functions.${index}.address`,
        `${address} has functions.${other}`,
      );
    places.set(address.sbdf, index);
  });
}

/** Of another version more may be another than the version: that is told first. */
function checkVersion(value: unknown, file: string): void {
  if (typeof value !== 'object' || value === null) return;
  const { format, version } = value as { readonly format?: unknown; readonly version?: unknown };
  if (format === CAPTURE_FORMAT && typeof version === 'number' && version > CAPTURE_VERSION)
    throw new CaptureVersionError(file, version, CAPTURE_VERSION);
}

/** Words are shown as they are: none of them can command a terminal or begin another line. */
function functionOf(data: FunctionData): CapturedFunction {
  const { regions, vpd, pool } = data;
  return {
    address: notations.hex.parse(data.address),
    config: bytesOf(data.config),
    regions: regions?.map(regionFromWire),
    driver: visible(data.driver),
    modules: data.modules?.map(visibleText) ?? [],
    interruptLine: data.interruptLine,
    numaNode: data.numaNode,
    iommuGroup: data.iommuGroup,
    label: visible(data.label),
    physicalSlot: visible(data.physicalSlot),
    resetMethods: data.resetMethods,
    vpd: vpd === undefined ? undefined : bytesOf(vpd),
    pool: pool === undefined ? undefined : { state: visibleText(pool.state), guest: visible(pool.guest) },
    unreadable:
      data.unreadable?.map(({ what, why }) => ({ what: visibleText(what), why: visibleText(why) })) ?? [],
  };
}

function visible(text: string | undefined): string | undefined {
  return text === undefined ? undefined : visibleText(text);
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

/**
 * Writes the file (mode 0600: the kernel shows to root alone what is in it) beside its place and moves it there once it
 * is on the disk, so that a former one stays until then. What is no file of a disk is written to as it is.
 * @throws {CaptureFileError}
 */
export function writeWhole(file: string, text: string): void {
  refuseStrangersLink(file);
  try {
    const there = statSync(file, { throwIfNoEntry: false });
    if (there !== undefined && !there.isFile()) writeFileSync(file, text);
    else replace(there === undefined ? file : realpathSync(file), text);
  } catch (cause) {
    throw new CaptureFileError(file, 'written', errnoOf(cause), { cause });
  }
}

/** Permissions of a folder that all may write to, and where each may remove what is theirs alone: /tmp. */
const SHARED = 0o1002;

/**
 * Somebody else could have the capture written over a file of ours. The kernel has the same rule for who opens by name
 * (fs.protected_symlinks), and is not asked where a file takes another one's place.
 */
function refuseStrangersLink(file: string): void {
  const link = lstatSync(file, { throwIfNoEntry: false });
  if (link?.isSymbolicLink() !== true) return;
  const folder = statSync(dirname(file));
  const isShared = (folder.mode & SHARED) === SHARED;
  if (isShared && link.uid !== process.geteuid?.() && link.uid !== folder.uid)
    throw new CaptureFileError(
      file,
      'written',
      'it is a link of somebody else, in a folder that all may write to',
    );
}

function replace(file: string, text: string): void {
  const next = `${file}.${process.pid}.new`;
  try {
    const fd = openSync(next, 'wx', 0o600);
    try {
      writeFileSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(next, file);
  } catch (cause) {
    rmSync(next, { force: true });
    throw cause;
  }
  syncFolder(dirname(file));
}

/** The new name of the file is on the disk, too. */
function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
