/** Register accesses of a command: all or none of them, and a function that decodes afterwards what it did before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessRegisters, type RegisterOperation } from '../../src/admin/index.js';
import { LinuxMachine } from '../../src/machines/linux/index.js';
import { parseMachine, SimMachine } from '../../src/machines/sim/index.js';
import { OpenslotError, PciAddress } from '../../src/pci/index.js';
import { fakeSysfs } from '../proto/fake-sysfs.js';

const ADDRESS = new PciAddress(0, 0, 4, 0);
const COMMAND = 4;
const PORTS = 1;
const MEMORY = 2;
const MARK: RegisterOperation = { kind: 'write', space: 'bar0', offset: 0, width: 4, value: 0x1234n };

/** A testdev: bar0 is memory, bar1 are ports. */
function testdev(command: number): SimMachine {
  const machine = new SimMachine(parseMachine('roots: [{slots: [{slot: "04", model: testdev}]}]'));
  using fn = machine.open(ADDRESS);
  fn.config.write(COMMAND, 2, command);
  return machine;
}

function access(machine: SimMachine, operations: readonly RegisterOperation[], enable = false) {
  return accessRegisters(machine, undefined, ADDRESS, operations, { evenIfUsed: false, enable });
}

function commandOf(machine: SimMachine): number {
  using fn = machine.open(ADDRESS);
  return fn.config.read(COMMAND, 2) & (PORTS | MEMORY);
}

for (const [what, code, refused] of [
  ['8 bytes of a port', 'REGION_REFUSED', { kind: 'read', space: 'bar1', offset: 0, width: 8 }],
  [
    '8 bytes of configuration space',
    'CONFIG_UNALIGNED',
    { kind: 'read', space: 'config', offset: 0, width: 8 },
  ],
  ['a place outside', 'REGION_OUT_OF_RANGE', { kind: 'read', space: 'bar1', offset: 64, width: 1 }],
  ['a BAR that is not there', 'BAR_ABSENT', { kind: 'read', space: 'bar5', offset: 0, width: 4 }],
] as const)
  test(`${what} is refused before the accesses ahead of it are made`, () => {
    using machine = testdev(PORTS | MEMORY);
    assert.throws(
      () => access(machine, [MARK, refused]),
      (error) => error instanceof OpenslotError && error.code === code,
    );
    assert.deepEqual(access(machine, [{ kind: 'read', space: 'bar0', offset: 0, width: 4 }]), [0n]);
  });

test('decoding that is switched on for the accesses is off afterwards, and what was on stays on', () => {
  const ports: RegisterOperation = { kind: 'write', space: 'bar1', offset: 0, width: 1, value: 1n };
  using machine = testdev(MEMORY);
  access(machine, [ports], true);
  assert.equal(commandOf(machine), MEMORY);
  access(machine, [MARK, ports], true);
  assert.equal(commandOf(machine), MEMORY);
});

test('who serves others makes no access by a mapping, which would end it with the device', () => {
  using sysfs = fakeSysfs({ '0000:00:04.0': { driver: undefined } });
  using machine = new LinuxMachine({ root: sysfs.root });
  const run = (mayMap: boolean) =>
    accessRegisters(machine, undefined, ADDRESS, [MARK], { evenIfUsed: false, enable: false, mayMap });
  assert.throws(
    () => run(false),
    (error) => error instanceof OpenslotError && error.code === 'REGION_REFUSED',
  );
  assert.equal(sysfs.register('0000:00:04.0', 0), 0);
  run(true);
  assert.equal(sysfs.register('0000:00:04.0', 0), 0x1234);
});

test('what to do with a function that is driven depends on who drives it', () => {
  using machine = testdev(MEMORY);
  for (const [user, next] of [
    ['driver nvme', new RegExp(`^openslot claim ${ADDRESS};`)],
    ['guest 3', new RegExp(`^openslot detach 3 ${ADDRESS};`)],
    ['qmp:/run/web', new RegExp(`^openslot detach qmp:/run/web ${ADDRESS};`)],
    ['a change of the pool', /^wait until it has ended;/],
    ['process 7, which has 10.mem open', /^end the program/],
  ] as const)
    assert.throws(
      () => accessRegisters(machine, user, ADDRESS, [MARK], { evenIfUsed: false, enable: false }),
      (error) => error instanceof OpenslotError && error.code === 'FUNCTION_DRIVEN' && next.test(error.next),
    );
});
