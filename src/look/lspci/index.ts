/** lspci's text of a capture, for the version that {@link LSPCI_VERSION} names. It knows the model, names and the port's data. */
import type { Capture } from '../../function/index.js';
import type { PciNames } from '../../pci/index.js';
import { matchesDevice, matchesSlot } from './filters.js';
import { hexDump } from './hex-dump.js';
import { IdNames } from './id-names.js';
import { machineLine, machineRecord } from './machine-record.js';
import type { LspciOptions } from './options.js';
import { functionTitle, kernelLines, nameLines, verboseLines } from './record-lines.js';
import { ShownFunction } from './shown-function.js';

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
  const selected = selectedOf(capture, options);
  const domains = options.domains || selected.some(({ captured }) => captured.address.domain !== 0);
  for (const fn of selected) {
    yield recordOf(fn, ids, options, domains);
  }
}

function selectedOf(
  { functions }: Capture,
  { slot, device, verbosity }: LspciOptions,
): readonly ShownFunction[] {
  const selected: ShownFunction[] = [];
  for (const captured of functions) {
    if (slot !== undefined && !matchesSlot(slot, captured.address)) continue;
    const fn = new ShownFunction(captured, verbosity);
    if (device === undefined || matchesDevice(device, fn)) selected.push(fn);
  }
  return selected;
}

function recordOf(fn: ShownFunction, names: IdNames, options: LspciOptions, domains: boolean): string {
  const { verbosity, machine, kernel, hex } = options;
  let text: string;
  if (machine > 0) {
    // A program's record stands for itself, so it has a domain for its own sake alone.
    const slot = slotText(fn, options.domains || fn.captured.address.domain !== 0);
    text = verbosity > 0 ? machineRecord(fn, slot, names, options) : machineLine(fn, slot, names);
  } else {
    text = `${slotText(fn, domains)} ${functionTitle(fn, names)}\n`;
    if (verbosity > 0) text += verboseLines(fn, names);
    else if (kernel) text += nameLines(fn, names) + kernelLines(fn);
  }
  if (hex > 0) text += hexDump(fn, hex);
  return verbosity > 0 || hex > 0 ? `${text}\n` : text;
}

function slotText({ captured: { address } }: ShownFunction, domain: boolean): string {
  const full = String(address);
  return domain ? full : full.slice(full.indexOf(':') + 1);
}
