/** What the simulator's IOMMU cannot tell apart, and a machine that has none: whose DMA reaches whose memory. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Iova } from '../../../src/function/index.js';
import { parseMachine, SimMachine } from '../../../src/machines/sim/index.js';
import { PciAddress } from '../../../src/pci/index.js';
import { ProbeKind } from './probe.js';

const COMMAND = 0x04;
const READ_WRITE = { read: true, write: true };
const AT = 0x40_0000n as Iova;

/** Two probes on bus 1, bus masters. */
function twoProbes(bridge: string, more = '') {
  const kind = new ProbeKind();
  const machine = new SimMachine(
    parseMachine(`
      ${more}
      roots: [{slots: [{slot: "01", bridge: ${bridge}, bus: [{slot: "00", model: probe}, {slot: "01", model: probe}]}]}]
    `),
    { kinds: [kind], clock: 'manual' },
  );
  const [one, other] = [0, 1].map((device) => new PciAddress(0, 1, device, 0));
  assert.ok(one !== undefined && other !== undefined);
  for (const address of [one, other]) machine.open(address).config.write(COMMAND, 2, 7);
  return { machine, host: machine.host, one, other, buses: [kind.probe(0).bus, kind.probe(1).bus] as const };
}

/** Each probe in a context of its own, with its own memory at one address. */
function givenToTwo(bridge: string) {
  const { host, one, other, buses, machine } = twoProbes(bridge);
  const memories = [host.allocateMemory(4096), host.allocateMemory(4096)] as const;
  for (const [index, address] of [one, other].entries()) {
    const context = host.createContext(`guest ${index + 1}`);
    const memory = memories[index === 0 ? 0 : 1];
    context.map(AT, memory.base, 4096, READ_WRITE);
    host.assignContext(address, context);
  }
  const bytes = memories.map(({ buffer }) => new Uint8Array(buffer));
  return { host, one, other, buses, bytes, machine };
}

describe('a bridge', () => {
  test('that passes each requester id up keeps what is behind it apart', () => {
    const { buses, bytes } = givenToTwo('{}');
    assert.equal(buses[0].dmaWrite(AT, Uint8Array.of(1)), 'done');
    assert.deepEqual([bytes[0]?.[0], bytes[1]?.[0]], [1, 0]);
  });

  test('that puts its own id there does not: the last one to be assigned has the DMA of all', () => {
    const { buses, bytes, host, one, machine } = givenToTwo('{aliases: true}');
    assert.equal(buses[0].dmaWrite(AT, Uint8Array.of(1)), 'done');
    assert.deepEqual([bytes[0]?.[0], bytes[1]?.[0]], [0, 1], "the other guest's memory");
    // One into quarantine takes the other with it.
    host.assignContext(one, undefined);
    assert.equal(buses[1].dmaWrite(AT, Uint8Array.of(1)), 'fault');
    assert.equal(machine.iommuFaults.recent.at(-1)?.why, 'quarantined');
  });

  test('programs behind it find each other’s buffers', async () => {
    const { machine, one, other, buses } = twoProbes('{aliases: true}');
    const buffer = await machine.open(one).dma?.allocate(16);
    assert.ok(buffer !== undefined);
    buffer.bytes.set([1, 2, 3]);
    const into = new Uint8Array(3);
    assert.equal(buses[1].dmaRead(buffer.iova, into), 'done');
    assert.deepEqual([...into], [1, 2, 3]);
    assert.equal(machine.list().find(({ address }) => address.equals(other))?.iommuGroup, 1);
  });
});

describe('without an IOMMU', () => {
  test('DMA is to the machine’s own addresses, whatever contexts say', async () => {
    const { machine, host, one, buses } = twoProbes('{}', 'iommu: false');
    const memory = host.allocateMemory(4096);
    const context = host.createContext('guest 1');
    host.assignContext(one, context);
    const physical = BigInt(memory.base) as Iova;
    assert.equal(buses[0].dmaWrite(physical, Uint8Array.of(7)), 'done');
    assert.equal(new Uint8Array(memory.buffer)[0], 7);
    host.assignContext(one, undefined);
    assert.equal(buses[0].dmaWrite(physical, Uint8Array.of(8)), 'done', 'quarantine is the IOMMU’s');
    // A program's buffer is where the memory is.
    const buffer = await machine.open(one).dma?.allocate(16);
    assert.ok(buffer !== undefined);
    assert.equal(buses[1].dmaWrite(buffer.iova, Uint8Array.of(9)), 'done');
    assert.equal(buffer.bytes[0], 9);
    // What is no memory is none for devices, either.
    assert.equal(buses[0].dmaWrite(0n as Iova, Uint8Array.of(1)), 'fault');
    assert.equal(machine.iommuFaults.recent.at(-1)?.why, 'unmapped');
    memory.free();
    assert.equal(buses[0].dmaWrite(physical, Uint8Array.of(1)), 'fault');
    assert.deepEqual(
      machine.list().map(({ iommuGroup }) => iommuGroup),
      [undefined, undefined, undefined],
    );
  });
});
