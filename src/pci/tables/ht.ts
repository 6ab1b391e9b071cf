/** Register tables of HyperTransport's other blocks, and the choice among all of them by their type. */
import { aligned, bits, capabilityList, flag, hex, register, values, whole } from '../fields.js';
import type { Field, RegisterReader, RegisterTable } from '../registers.js';
import { htPrimary, htSecondary } from './ht-interfaces.js';
import { revision } from './ht-parts.js';

const SOURCE = 'HyperTransport I/O Link 3.10';

/** Types of 5 bits; the two interface blocks take 3 bits, and the values below 8 with them. */
const BLOCK = { interrupt: 0x10, revision: 0x11, msi: 0x15 } as const;

function type(): Field {
  return bits(
    15,
    11,
    'type',
    'Type of the block',
    'ro',
    values({
      0x08: 'switch',
      0x10: 'interrupt discovery',
      0x11: 'revision ID',
      0x12: 'UnitID clumping',
      0x13: 'extended configuration space access',
      0x14: 'address mapping',
      0x15: 'MSI mapping',
      0x16: 'DirectRoute',
      0x17: 'VCSet',
      0x18: 'retry mode',
      0x19: 'x86',
    }),
  );
}

/** Any block whose registers are not listed here. */
export const ht: RegisterTable = {
  name: 'ht',
  title: 'HyperTransport',
  source: `${SOURCE}, 7.2`,
  registers: [capabilityList(), register(2, 2, 'command', 'Command', [type()])],
};

export const htInterrupt: RegisterTable = {
  name: 'ht_interrupt',
  title: 'HyperTransport: interrupt discovery and configuration',
  source: `${SOURCE}, 7.8`,
  window: true,
  registers: [
    capabilityList(),
    whole(2, 1, 'index', 'Number of the register that data reaches', 'rw', hex()),
    whole(4, 4, 'data', 'The register that was selected', 'rw'),
  ],
};

export const htRevision: RegisterTable = {
  name: 'ht_revision',
  title: 'HyperTransport: revision ID',
  source: `${SOURCE}, 7.7`,
  registers: [capabilityList(), revision(2)],
};

function isMovable(bytes: RegisterReader): boolean {
  return (bytes.read(2, 1) & 2) === 0;
}

export const htMsi: RegisterTable = {
  name: 'ht_msi',
  title: 'HyperTransport: MSI mapping',
  source: `${SOURCE}, 7.12`,
  registers: [
    capabilityList(),
    register(2, 2, 'command', 'Command', [
      flag(0, 'enable', 'Messages become interrupts of the chain', 'rw'),
      flag(1, 'fixed', 'The window stands where x86 has it'),
      type(),
    ]),
    aligned(4, 4, 20, 'base', 'Base of the window', 'rw', isMovable),
    whole(8, 4, 'base_upper', 'Base of the window, upper half', 'rw', hex(), isMovable),
  ],
};

const BLOCKS: ReadonlyMap<number, RegisterTable> = new Map([
  [BLOCK.interrupt, htInterrupt],
  [BLOCK.revision, htRevision],
  [BLOCK.msi, htMsi],
]);

/** The block's table by its type. */
export function htTable(capability: RegisterReader): RegisterTable {
  const command = capability.read(2, 2);
  if (command >> 13 === 0) return htPrimary;
  if (command >> 13 === 1) return htSecondary;
  return BLOCKS.get(command >> 11) ?? ht;
}

export const htTables: readonly RegisterTable[] = [
  ht,
  htPrimary,
  htSecondary,
  htInterrupt,
  htRevision,
  htMsi,
];
