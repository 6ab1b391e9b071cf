/** Registers as a person names them, values as a person types them, and bits as they are drawn. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  eduRegisters,
  clearingRegisters,
  nvmeRegisters,
  OpenslotError,
  testdevRegisters,
} from '../../src/pci/index.js';
import {
  assignments,
  bitLadder,
  harmlessRegisters,
  registerCondition,
  selectRegister,
} from '../../src/proto/program/index.js';

function refused(code: string, act: () => unknown): string {
  let next = '';
  assert.throws(act, (error: unknown) => {
    if (!(error instanceof OpenslotError)) return false;
    next = `${error.message} ${error.next}`;
    return error.code === code;
  });
  return next;
}

test('a register is named by its map, or by number', () => {
  const maps = [eduRegisters, nvmeRegisters];
  const found = (text: string) => {
    const { name, space, offset, shape, field } = selectRegister(maps, text);
    return [name, space, offset, shape.register.width, field?.name];
  };
  assert.deepEqual(found('status'), ['edu.status', 'bar0', 0x20, 4, undefined]);
  assert.deepEqual(found('edu.status'), ['edu.status', 'bar0', 0x20, 4, undefined]);
  assert.deepEqual(found('status.computing'), ['edu.status', 'bar0', 0x20, 4, 'computing']);
  assert.deepEqual(found('nvme.csts.rdy'), ['nvme.csts', 'bar0', 0x1c, 4, 'rdy']);
  assert.deepEqual(found('sq_tail[3]'), ['nvme.sq_tail[3]', 'bar0', 0x1018, 4, undefined]);
  assert.deepEqual(found('dma_source'), ['edu.dma_source', 'bar0', 0x80, 8, undefined]);
  assert.deepEqual(found('bar2:0x20/2'), ['bar2:0x20/2', 'bar2', 0x20, 2, undefined]);
  assert.deepEqual(found('BAR0:8'), ['bar0:0x08/4', 'bar0', 8, 4, undefined]);
  assert.deepEqual(found('config:0x04/2'), ['config:0x04/2', 'config', 4, 2, undefined]);
});

test('what names nothing is refused, with what was meant', () => {
  const maps = [eduRegisters, nvmeRegisters];
  assert.match(
    refused('REGISTER_UNKNOWN', () => selectRegister(maps, 'statsu')),
    /did you mean status/,
  );
  assert.match(
    refused('REGISTER_UNKNOWN', () => selectRegister(maps, 'status.computng')),
    /status\.computing/,
  );
  assert.match(
    refused('REGISTER_INDEX', () => selectRegister(maps, 'sq_tail')),
    /write sq_tail\[0\]/,
  );
  refused('REGISTER_INDEX', () => selectRegister(maps, 'sq_tail[256]'));
  refused('REGISTER_INDEX', () => selectRegister(maps, 'status[0]'));
  for (const text of [
    'bar6:0',
    'bar0:1/4',
    'bar0:0x20/3',
    'config:0/8',
    'bar0:-4',
    'bar0:',
    'bar0:0x1_0000',
    '',
    '=',
    'a b',
  ])
    refused('REGISTER_MALFORMED', () => selectRegister(maps, text));
  const twice = [eduRegisters, { ...eduRegisters, name: 'other' }];
  assert.match(
    refused('REGISTER_MALFORMED', () => selectRegister(twice, 'status')),
    /edu\.status, other\.status/,
  );
  assert.equal(selectRegister(twice, 'other.status').name, 'other.status');
});

test('fields of one register that follow each other are one write', () => {
  const made = (...texts: string[]) =>
    assignments([eduRegisters, nvmeRegisters, clearingRegisters], texts).map(
      ({ target, write: { keep, value }, fields }) => [target.name, keep, value, fields.length],
    );
  assert.deepEqual(
    made(
      'cc.en=1',
      'cc.iosqes=64',
      'nvme.cc.shn=normal',
      'factorial=0b101',
      'status.interrupt_when_computed=on',
    ),
    [
      // Bits that have no name are reserved, and kept; so are the fields that were not named.
      ['nvme.cc', 0xfff0_3ffen, 0x0006_4001n, 3],
      ['edu.factorial', 0n, 5n, 0],
      ['edu.status', 0xffff_ff7fn, 0x80n, 1],
    ],
  );
  assert.deepEqual(made('clearing.status=0xffff_ffff', 'dma_source=0xffff_ffff_ffff_ffff'), [
    ['clearing.status', 0n, 0xffff_ffffn, 0],
    ['edu.dma_source', 0n, 0xffff_ffff_ffff_ffffn, 0],
  ]);
  refused('REGISTER_READ_ONLY', () => made('status.computing=1'));
  refused('REGISTER_READ_ONLY', () => made('identification=1'));
  refused('REGISTER_READ_ONLY', () => made('clearing.latch=1'));
  refused('REGISTER_VALUE', () => made('cc.iosqes=63'));
  refused('REGISTER_VALUE', () => made('cc.shn=soon'));
  refused('REGISTER_VALUE', () => made('factorial=0x1_0000_0000'));
  refused('REGISTER_VALUE', () => made('factorial=-1'));
  refused('REGISTER_MALFORMED', () => made('factorial'));
});

test('a condition is of a register or of a field', () => {
  const maps = [eduRegisters];
  assert.equal(registerCondition(maps, 'status.computing=0').holds(0xfen), true);
  assert.equal(registerCondition(maps, 'status.computing=0').holds(0x01n), false);
  assert.equal(registerCondition(maps, 'identification=0x010000ed').holds(0x0100_00edn), true);
  refused('REGISTER_WRITE_ONLY', () => registerCondition(maps, 'interrupt_raise=1'));
  refused('REGISTER_VALUE', () => registerCondition(maps, 'status.computing=2'));
});

test('all registers are those that a read does not change', () => {
  const names = (map: Parameters<typeof harmlessRegisters>[0][number]) =>
    harmlessRegisters([map]).map(({ name }) => name);
  assert.deepEqual(names(clearingRegisters), ['clearing.status', 'clearing.enable', 'clearing.count']);
  assert.equal(names(testdevRegisters).length, 14);
  assert.ok(names(nvmeRegisters).every((name) => !/sq_tail|cq_head/.test(name)));
});

test('bits are drawn with their fields below them', () => {
  const [cc] = nvmeRegisters.registers.filter(({ name }) => name === 'cc');
  assert.ok(cc !== undefined);
  assert.equal(
    bitLadder(cc, 0x0046_0001).join('\n'),
    `
0000 0000 0100 0110 0000 0000 0000 0001
             |    |  |   |    |  |    |
             |    |  |   |    |  |    +-- 0      en                       yes
             |    |  |   |    |  +------- 6:4    css                      NVM
             |    |  |   |    +---------- 10:7   mps                      4096 bytes
             |    |  |   +--------------- 13:11  ams                      round robin
             |    |  +------------------- 15:14  shn                      none
             |    +---------------------- 19:16  iosqes                   64 bytes
             +--------------------------- 23:20  iocqes                   16 bytes`.slice(1),
  );
});
