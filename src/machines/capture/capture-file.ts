/** A capture as text: one JSON object. */
import { regionFromWire, regionToWire, type Capture, type CapturedFunction } from '../../function/index.js';
import { notations, visibleText } from '../../pci/index.js';
import { CaptureMalformedError, CaptureVersionError } from './errors.js';
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
