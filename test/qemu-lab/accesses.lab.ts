/** One access is one access: QEMU's own trace of its memory regions, beside what each accessor was called for. */
import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ConfigSpace, PciFunction, Region } from '../../src/function/index.js';
import { PciAddress } from '../../src/pci/index.js';
import { startQemu } from '../machines/qemu/qemu.js';

/** Enough for every tier of the engine: the first calls are interpreted, the last ones optimised. */
const ROUNDS = 4_000;
/** How the trace tells one access that reached a device. */
const EVENT = /^memory_region_ops_(read|write) .* size (\d) name '([^']+)'$/;

interface Accessor {
  readonly name: string;
  /** The region as QEMU names it, and what one call does to it. */
  readonly region: string;
  readonly kind: 'read' | 'write';
  readonly width: number;
  readonly call: () => unknown;
}

const folder = mkdtempSync(join(tmpdir(), 'openslot-accesses-'));
const log = join(folder, 'log');
const ends: Disposable[] = [];
let accessors: readonly Accessor[] = [];

after(() => {
  for (const end of ends) end[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** pcnet takes every width up to 4 as it comes, at ports too; edu takes 8 from its DMA registers on. */
before(async () => {
  const machine = await startQemu(
    `-device pcnet,addr=05.0,romfile= -device edu,addr=04.0 -D '${log}' -trace 'memory_region_ops_*'`,
  );
  ends.push(machine);
  const open = (device: number): PciFunction => {
    const fn = machine.open(new PciAddress(0, 0, device, 0));
    fn.setEnabled(true);
    return fn;
  };
  const [pcnet, edu] = [open(5), open(4)];
  accessors = [
    ...upTo32('memory', 'pcnet-mmio', pcnet.openRegion(1)),
    ...upTo32('ports', 'pcnet-io', pcnet.openRegion(0)),
    ...upTo32('memory of edu', 'edu-mmio', edu.openRegion(0)).filter(({ width }) => width === 4),
    ...wide('edu-mmio', edu.openRegion(0)),
    ...config('pcie-mmcfg-mmio', pcnet.config),
  ];
});

function upTo32(what: string, region: string, registers: Region): Accessor[] {
  const at = (name: string, kind: Accessor['kind'], width: number, call: () => unknown) => ({
    name: `${what}: ${name}`,
    ...{ region, kind, width, call },
  });
  return [
    at('read8', 'read', 1, () => registers.read8(0)),
    at('read16', 'read', 2, () => registers.read16(0)),
    at('read32', 'read', 4, () => registers.read32(0)),
    at('write8', 'write', 1, () => {
      registers.write8(0, 0x12);
    }),
    at('write16', 'write', 2, () => {
      registers.write16(0, 0x1234);
    }),
    at('write32', 'write', 4, () => {
      registers.write32(0, 0x8000_1234);
    }),
  ];
}

function wide(region: string, registers: Region): Accessor[] {
  const source = 0x80;
  return [
    { name: 'memory: read64', region, kind: 'read', width: 8, call: () => registers.read64(source) },
    {
      name: 'memory: write64',
      ...{ region, kind: 'write', width: 8 },
      call: () => {
        registers.write64(source, 0x8000_0000_0000_0001n);
      },
    },
  ];
}

function config(region: string, space: ConfigSpace): Accessor[] {
  const interruptLine = 0x3c;
  return ([1, 2, 4] as const).flatMap((width): Accessor[] => [
    {
      name: `configuration space: read of ${width}`,
      ...{ region, kind: 'read', width },
      call: () => space.read(interruptLine, width),
    },
    {
      name: `configuration space: write of ${width}`,
      ...{ region, kind: 'write', width },
      call: () => {
        space.write(interruptLine, width, 0);
      },
    },
  ]);
}

/** What has been traced since the last call, by kind, width and region; QEMU writes each line before it answers. */
class Trace {
  readonly #fd = openSync(log, 'r');

  counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const line of readFileSync(this.#fd, 'latin1').split('\n')) {
      const [, kind = '', width = '', region = ''] = EVENT.exec(line) ?? [];
      if (region === '') continue;
      const key = `${kind} of ${width} on ${region}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

describe('accesses on the bus', () => {
  test('each accessor makes one access of its width, cold and hot', (context) => {
    assert.ok(accessors.length > 20);
    using trace = new Trace();
    trace.counts();
    for (const { name, region, kind, width, call } of accessors) {
      const expected = (count: number) => [[`${kind} of ${width} on ${region}`, count]];
      call();
      assert.deepEqual([...trace.counts()], expected(1), `${name}, cold`);
      for (let round = 0; round < ROUNDS; round++) call();
      assert.deepEqual([...trace.counts()], expected(ROUNDS), `${name}, hot`);
    }
    context.diagnostic(
      `${accessors.length} accessors, each 1 access when cold and ${ROUNDS} in ${ROUNDS} calls`,
    );
  });
});
