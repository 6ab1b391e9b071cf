/** lspci's lines of both capability lists: the walk, what is wrong with it, and each capability by its writer. */
import { CapabilityView, type CapabilityWriter, type SubsystemNames } from './capability-view.js';
import { extendedWriters } from './extended/index.js';
import type { IdNames } from './id-names.js';
import { hex2, hex3, hex4 } from './number-text.js';
import type { ShownFunction } from './shown-function.js';
import { standardWriters } from './standard/index.js';

const STATUS_CAPABILITIES = 0x10;
const CARDBUS = 2;
const EXTENDED_START = 0x100;
const PCIX = 0x07;
const EXPRESS = 0x10;

/** Device/port type in the second word of the Express capability. */
const portTypeOf = (view: CapabilityView) => (view.read(2, 2) >>> 4) & 0xf;

export function capabilityLines(fn: ShownFunction, ids: IdNames): string {
  if ((fn.status & STATUS_CAPABILITIES) === 0) return '';
  const names: SubsystemNames = {
    subsystem: (vendor, device) => ids.subsystemOf(fn.vendor, fn.device, vendor, device),
  };
  const { config, header, verbosity } = fn;
  let text = '';
  let extended = false;
  let portType = -1;
  const visited = new Set<number>();
  let at = header.read(fn.layout === CARDBUS ? 0x14 : 0x34, 1) & ~3;
  while (at !== 0) {
    text += '\tCapabilities: ';
    if (at + 4 > config.length) return `${text}<access denied>\n`;
    const view = new CapabilityView(config, at, fn, verbosity, -1);
    const id = view.read(0, 1);
    text += `[${hex2(at)}] `;
    // A fault ends this list, and not the other one.
    if (visited.has(at) || id === 0xff) {
      text += visited.has(at) ? '<chain looped>\n' : '<chain broken>\n';
      break;
    }
    visited.add(at);
    if (id === PCIX) extended = true;
    if (id === EXPRESS) {
      extended = true;
      portType = portTypeOf(view);
    }
    const writer = standardWriters.get(id);
    text += writer?.(view, names) ?? `Capability ID 0x${hex2(id)} [${hex4(view.read(2, 2))}]\n`;
    at = view.read(1, 1) & ~3;
  }
  return extended ? text + extendedLines(fn, names, portType) : text;
}

function extendedLines(fn: ShownFunction, names: SubsystemNames, portType: number): string {
  const { config, verbosity } = fn;
  let text = '';
  const visited = new Set<number>();
  let at = EXTENDED_START;
  while (at !== 0 && at + 4 <= config.length) {
    const view = new CapabilityView(config, at, fn, verbosity, portType);
    const header = view.read(0, 4);
    if (header === 0 || header === 0xffffffff) break;
    const version = verbosity > 1 ? ` v${(header >>> 16) & 0xf}` : '';
    text += `\tCapabilities: [${hex3(at)}${version}] `;
    if (visited.has(at)) return `${text}<chain looped>\n`;
    visited.add(at);
    const id = header & 0xffff;
    const writer: CapabilityWriter | undefined = extendedWriters.get(id);
    text += writer?.(view, names) ?? `Extended Capability ID 0x${id.toString(16)}\n`;
    at = (header >>> 20) & ~3;
  }
  return text;
}
