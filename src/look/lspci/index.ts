/** lspci's text of a capture, for the version that {@link LSPCI_VERSION} names. It knows the model, names and the port's data. */
import type { Capture, CapturedFunction } from '../../function/index.js';
import type { PciNames } from '../../pci/index.js';
import { matchesDevice, matchesSlot } from './filters.js';
import { hexDump } from './hex-dump.js';
import { IdNames } from './id-names.js';
import { hex2 } from './number-text.js';
import { machineLine, machineRecord } from './machine-record.js';
import type { LspciOptions } from './options.js';
import { functionTitle, kernelLines, nameLines, verboseLines } from './record-lines.js';
import { ShownFunction } from './shown-function.js';
import { segmentsOf } from './segments.js';
import { treeText } from './tree.js';

export * from './filters.js';
export * from './options.js';

/** The release of pciutils whose text is followed. */
export const LSPCI_VERSION = '3.13.0';

/** All of the text that lspci prints for these switches. */
export function lspciText(capture: Capture, names: PciNames, options: LspciOptions): string {
  let text = '';
  for (const part of lspciParts(capture, names, options)) text += part;
  return text;
}

/** The same in pieces, one for each function, so that a large machine's text need not be held whole. */
export function* lspciParts(capture: Capture, names: PciNames, options: LspciOptions): Generator<string> {
  const ids = new IdNames(names, options.ids);
  if (options.tree) {
    yield treeOf(capture, ids, options);
    return;
  }
  const selected = capture.functions.filter((captured) => isSelected(captured, options));
  const seen = options.path > 0 ? capture.functions : selected;
  const domains = seen.some(({ address }) => address.domain !== 0);
  // The way to one function is told by the bridges among all of them.
  const all = options.path > 0 ? shown(capture.functions, options) : undefined;
  const pathTo = all && segmentsOf(all).pathTo;
  for (const fn of all ?? lazily(selected, options)) {
    if (all !== undefined && !isSelected(fn.captured, options)) continue;
    // A program's record stands for itself, so it has a domain for its own sake alone.
    const withDomain = options.domains || (options.machine > 0 ? fn.captured.address.domain !== 0 : domains);
    yield recordOf(fn, slotText(fn, pathTo?.(fn) ?? [], withDomain, options.path), ids, options);
  }
}

function* lazily(
  functions: readonly CapturedFunction[],
  { verbosity }: LspciOptions,
): Generator<ShownFunction> {
  for (const captured of functions) yield new ShownFunction(captured, verbosity);
}

function isSelected(captured: CapturedFunction, { only, slot, device }: LspciOptions): boolean {
  if (only?.has(captured.address.sbdf) === false) return false;
  if (slot !== undefined && !matchesSlot(slot, captured.address)) return false;
  return device === undefined || matchesDevice(device, new ShownFunction(captured, 0));
}

function shown(functions: readonly CapturedFunction[], { verbosity }: LspciOptions): ShownFunction[] {
  return functions.map((captured) => new ShownFunction(captured, verbosity));
}

/** A drawing of the functions that were asked for, the bridges that lead to them, and all that is behind them. */
function treeOf({ functions }: Capture, names: IdNames, options: LspciOptions): string {
  const all = shown(functions, options);
  const topology = segmentsOf(all);
  const asked = new Set(all.filter(({ captured }) => isSelected(captured, options)));
  const whole = new Set(asked);
  const leading = new Set<ShownFunction>();
  for (const fn of all) {
    // Without a filter nothing is to be found out.
    if (asked.size === all.length) break;
    const path = topology.pathTo(fn);
    if (path.some((bridge) => asked.has(bridge))) whole.add(fn);
    if (asked.has(fn)) for (const bridge of path) leading.add(bridge);
  }
  return treeText({ topology, whole, leading, names: options.verbosity > 0 ? names : undefined });
}

function recordOf(fn: ShownFunction, slot: string, names: IdNames, options: LspciOptions): string {
  const { verbosity, machine, kernel, hex } = options;
  let text: string;
  if (machine > 0)
    text = verbosity > 0 ? machineRecord(fn, slot, names, options) : machineLine(fn, slot, names);
  else {
    text = `${slot} ${functionTitle(fn, names)}\n`;
    if (verbosity > 0) text += verboseLines(fn, names);
    else if (kernel) text += nameLines(fn, names) + kernelLines(fn);
  }
  if (hex > 0) text += hexDump(fn, hex);
  return verbosity > 0 || hex > 0 ? `${text}\n` : text;
}

/** Where a function is: its address, or the way to it from the outermost bridge on. */
function slotText(
  fn: ShownFunction,
  path: readonly ShownFunction[],
  domain: boolean,
  style: LspciOptions['path'],
): string {
  const [outermost = fn, ...others] = [...path, fn];
  const first = String(outermost.captured.address);
  const steps = others.map(({ captured: { address }, slot, function: number }) => {
    const place = `${hex2(slot)}.${number}`;
    return `/${style > 1 ? `${hex2(address.bus)}:${place}` : place}`;
  });
  return `${domain ? first : first.slice(first.indexOf(':') + 1)}${steps.join('')}`;
}
