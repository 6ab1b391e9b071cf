/** The page of all machines names each, and says of each what it declares. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { captureMachine, type Machine } from '../../src/function/index.js';
import { formatCapture } from '../../src/machines/capture/index.js';
import { machineForms, openMachine, recordMachine } from '../../src/machines/index.js';
import { SimMachine } from '../../src/machines/sim/index.js';
import { skip as noQemu, startQemu } from './qemu/qemu.js';

const PAGE = readFileSync(fileURLToPath(new URL('../../../docs/machines.md', import.meta.url)), 'utf8');
const ROWS = PAGE.split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.split('|').slice(1, -1))
  .map((cells) => cells.map((cell) => cell.trim()));
/** Columns of the tables of what each has, behind the name of the row. */
const MACHINES = ['linux', 'sim', 'qemu', 'proto', 'replay', 'capture'] as const;

const folder = mkdtempSync(join(tmpdir(), 'openslot-machines-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const open: Readonly<Record<(typeof MACHINES)[number], () => Promise<Machine>>> = {
  linux: () => openMachine('linux'),
  sim: () => openMachine('sim'),
  qemu: () => startQemu(''),
  proto: () => {
    // One function's folder makes it a directory of device files.
    mkdirSync(join(folder, 'pci0:0:1:0'));
    return openMachine(`proto:${folder}`);
  },
  replay: () => {
    const file = join(folder, 'run.jsonl');
    recordMachine(new SimMachine(), file)[Symbol.dispose]();
    return openMachine(`replay:${file}`);
  },
  capture: () => {
    const file = join(folder, 'saved.json');
    using sim = new SimMachine();
    writeFileSync(file, formatCapture(captureMachine(sim)));
    return openMachine(`capture:${file}`);
  },
};

const skips: Readonly<Partial<Record<string, string | false>>> = {
  linux: existsSync('/sys/bus/pci') ? false : 'this host shows no PCI functions',
  qemu: noQemu,
};

describe('docs/machines.md', () => {
  test('names all kinds of machines as users write them', () => {
    const named = ROWS.map(([name = '']) => name);
    for (const form of machineForms()) assert.ok(named.includes(`\`${form}\``), form);
  });

  for (const [index, name] of MACHINES.entries())
    test(`says what ${name} has`, { skip: skips[name] ?? false }, async () => {
      using machine = await open[name]();
      const { capabilities, platform, drivers, host, faults } = machine;
      const has: Readonly<Record<string, unknown>> = { ...capabilities, platform, drivers, host, faults };
      const said = new Map(
        ROWS.map((row) => [/^`(\w+)`/.exec(row[0] ?? '')?.[1] ?? '', row[index + 1] ?? '']),
      );
      for (const [what, value] of Object.entries(has)) {
        const text = said.get(what);
        assert.ok(text !== undefined && text !== '', `${what} has a row`);
        if (text === 'yes' || text === 'no')
          assert.equal(Boolean(value), text === 'yes', `${what} of ${name}`);
      }
    });
});
