/** The extended capabilities of a simulated function: their registers, chained from 0x100 on. */
import type { ImageRegister } from '../../../function/index.js';
import {
  aer,
  CORRECTABLE_ERRORS,
  ExtendedCapabilityId,
  dsn,
  UNCORRECTABLE_ERRORS,
} from '../../../pci/index.js';
import { tableRegisters } from './config-registers.js';

const EXTENDED = 0x100;

interface ExtendedPlan {
  /** Id, and version above it: the low 20 bits of its header. */
  readonly header: number;
  readonly bytes: number;
  /** `header` is the whole of the capability's first dword. */
  readonly registers: (base: number, header: number) => readonly ImageRegister[];
}

/** Severities and masks after power on (PCI Express Base 6.0, 7.8.4.3 to 7.8.4.6). */
const FATAL = ['data_link', 'surprise_down', 'flow_control', 'receiver_overflow', 'malformed', 'internal'];
const MASKED = ['internal', 'poisoned_blocked'];
const CORRECTABLE_MASKED = ['advisory', 'corrected_internal', 'header_overflow'];

function bitsOf(list: typeof UNCORRECTABLE_ERRORS, names: readonly string[]): number {
  return list.reduce((mask, { bit, name }) => (names.includes(name) ? mask | (1 << bit) : mask), 0) >>> 0;
}

const errorReporting: ExtendedPlan = {
  header: 0x2_0000 | ExtendedCapabilityId.aer,
  bytes: 0x2c,
  registers: (base, header) =>
    tableRegisters(aer, base, {
      list: { initial: header },
      uncorrectable_mask: { initial: bitsOf(UNCORRECTABLE_ERRORS, MASKED) },
      severity: { initial: bitsOf(UNCORRECTABLE_ERRORS, FATAL) },
      correctable_mask: { initial: bitsOf(CORRECTABLE_ERRORS, CORRECTABLE_MASKED) },
      // It checks and generates no ECRC, and records one header.
      control: { writable: 0 },
    }),
};

function serialNumberOf(serial: bigint): ExtendedPlan {
  return {
    header: 0x1_0000 | ExtendedCapabilityId.dsn,
    bytes: 12,
    registers: (base, header) =>
      tableRegisters(dsn, base, {
        list: { initial: header },
        low: { initial: Number(BigInt.asUintN(32, serial)) },
        high: { initial: Number(BigInt.asUintN(32, serial >> 32n)) },
      }),
  };
}

/** For a function with 4096 bytes of configuration space. */
export function extendedRegisters(parts: {
  readonly aer: boolean;
  readonly serial: bigint | undefined;
}): readonly ImageRegister[] {
  const plans = [
    ...(parts.aer ? [errorReporting] : []),
    ...(parts.serial === undefined ? [] : [serialNumberOf(parts.serial)]),
  ];
  let base = EXTENDED;
  return plans.flatMap(({ header, bytes, registers }, index) => {
    const start = base;
    base += bytes;
    const next = index + 1 < plans.length ? base : 0;
    return registers(start, ((next << 20) | header) >>> 0);
  });
}
