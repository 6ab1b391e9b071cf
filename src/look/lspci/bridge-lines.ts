/** lspci's lines of a PCI-to-PCI bridge: buses, windows, secondary status, bridge control. */
import { hexDigits } from '../../pci/index.js';
import { bridgeControlRow, discardTimerRow, secondaryStatusRow } from './header-rows.js';
import { hex2, sizeText } from './number-text.js';
import { romLine } from './region-lines.js';
import type { ShownFunction } from './shown-function.js';

/** A range that a bridge forwards. */
interface Window {
  readonly name: string;
  readonly base: bigint;
  /** The last address of the range. */
  readonly limit: bigint;
  /** Digits of its addresses. */
  readonly digits: number;
  readonly bits: 16 | 32 | 64;
}

/** Types of addressing in the low nibbles of base and limit, where both must say the same. */
function mismatch(kind: string, base: number, limit: number): string {
  return `\t!!! Unknown ${kind} range types ${base.toString(16)}/${limit.toString(16)}\n`;
}

export function bridgeLines(fn: ShownFunction): string {
  const { header, verbosity } = fn;
  let text = `${busLine(fn)}${ioWindow(fn)}${memoryWindow(fn)}${prefetchWindow(fn)}`;
  if (verbosity > 1) text += `\tSecondary status: ${secondaryStatusRow(header)}\n`;
  text += romLine(fn, 0x38);
  if (verbosity > 1) text += `\tBridgeCtl: ${bridgeControlRow(header)}\n\t\t${discardTimerRow(header)}\n`;
  return text;
}

/** Alike in both kinds of bridge. */
export function busLine({ header }: ShownFunction): string {
  const [primary, secondary, subordinate] = [0x18, 0x19, 0x1a].map((offset) => hex2(header.read(offset, 1)));
  const latency = header.read(0x1b, 1);
  return `\tBus: primary=${primary}, secondary=${secondary}, subordinate=${subordinate}, sec-latency=${latency}\n`;
}

function ioWindow(fn: ShownFunction): string {
  const { header } = fn;
  const [base, limit] = [header.read(0x1c, 1), header.read(0x1d, 1)];
  const type = base & 0xf;
  if (type !== (limit & 0xf) || type > 1) return mismatch('I/O', base, limit);
  const wide = type === 1;
  const upper = (offset: number) => (wide ? BigInt(header.read(offset, 2)) << 16n : 0n);
  return windowLine(fn, {
    name: 'I/O behind bridge',
    base: (BigInt(base & 0xf0) << 8n) | upper(0x30),
    limit: (BigInt(limit & 0xf0) << 8n) | upper(0x32) | 0xfffn,
    digits: wide ? 8 : 4,
    bits: wide ? 32 : 16,
  });
}

function memoryWindow(fn: ShownFunction): string {
  const [base, limit] = [fn.header.read(0x20, 2), fn.header.read(0x22, 2)];
  if ((base & 0xf) !== (limit & 0xf) || (base & 0xf) !== 0) return mismatch('memory', base, limit);
  return windowLine(fn, {
    name: 'Memory behind bridge',
    base: BigInt(base & 0xfff0) << 16n,
    limit: (BigInt(limit & 0xfff0) << 16n) | 0xfffffn,
    digits: 8,
    bits: 32,
  });
}

function prefetchWindow(fn: ShownFunction): string {
  const { header } = fn;
  const [base, limit] = [header.read(0x24, 2), header.read(0x26, 2)];
  const type = base & 0xf;
  if (type !== (limit & 0xf) || type > 1) return mismatch('prefetchable memory', base, limit);
  const wide = type === 1;
  const upper = (offset: number) => (wide ? BigInt(header.read(offset, 4)) << 32n : 0n);
  return windowLine(fn, {
    name: 'Prefetchable memory behind bridge',
    base: (BigInt(base & 0xfff0) << 16n) | upper(0x28),
    limit: (BigInt(limit & 0xfff0) << 16n) | upper(0x2c) | 0xfffffn,
    digits: wide ? 16 : 8,
    bits: wide ? 64 : 32,
  });
}

function windowLine({ verbosity }: ShownFunction, { name, base, limit, digits, bits }: Window): string {
  const open = base <= limit;
  const range = open || verbosity > 2 ? ` ${hexDigits(base, digits)}-${hexDigits(limit, digits)}` : '';
  const state = open ? sizeText(limit - base + 1n) : ' [disabled]';
  return `\t${name}:${range}${state} [${bits}-bit]\n`;
}
