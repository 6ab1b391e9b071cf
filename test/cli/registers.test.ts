/** get and set as processes, beside an owner that runs. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { askOwner, type RequestParameters } from '../../src/owner/index.js';
import { registerOwner } from './register-owner.js';

const { runtime, openslot, printed, refused } = registerOwner();

describe('get', () => {
  test('reads by name and by number', () => {
    assert.equal(
      printed('get', '01:00.0', 'identification', 'edu.status.computing', 'bar0:0x00', 'config:0x00/2'),
      'edu.identification  0x010000ed  major=1 minor=0 magic=0x00ed\nedu.status.computing  no\n' +
        'bar0:0x00/4  0x010000ed\nconfig:0x00/2  0x1234\n',
    );
    assert.match(printed('get', '01:00.0', 'status', '--bits'), /\+-- 0 {6}computing +no {2}\(ro\)\n/);
    const [data] = JSON.parse(printed('get', '01:00.0', 'dma_source', '--json')) as [Record<string, unknown>];
    assert.deepEqual(
      [data['name'], data['space'], data['offset'], data['width'], data['hex']],
      ['edu.dma_source', 'bar0', 0x80, 8, '0x0000000000000000'],
    );
  });

  test('makes one access of that width for each register', () => {
    const counters = () => {
      const list = JSON.parse(printed('get', '00:04.0', '--json')) as {
        name: string;
        fields: { raw: number }[];
      }[];
      return Object.fromEntries(
        list
          .filter(({ fields }) => fields[0]?.raw !== 0)
          .map(({ name, fields }) => [name.slice(8), fields[0]?.raw]),
      );
    };
    printed('set', '00:04.0', 'clear=1');
    printed('get', '00:04.0', 'bar0:0/1', 'bar0:2/2', 'bar0:4/4', 'bar0:8/8', 'bar1:0/2', 'bar0:0/1');
    assert.deepEqual(counters(), {
      memory_reads_8: 2,
      memory_reads_16: 1,
      memory_reads_32: 1,
      memory_reads_64: 1,
      port_reads_16: 1,
    });
    printed('set', '00:04.0', 'clear=1');
    printed('set', '00:04.0', 'bar0:0/8=0xfedc_ba98_7654_3210');
    // It is read for what it was, and for what it is.
    assert.deepEqual(counters(), { memory_reads_64: 2, memory_writes_64: 1 });
    assert.match(printed('get', '00:04.0', 'bar0:0/8'), /0xfedcba9876543210/);
  });

  test('without names reads nothing that a read would change', () => {
    printed('set', '00:05.0', 'trigger=0x0f');
    assert.doesNotMatch(printed('get', '00:05.0'), /latch|trigger/);
    assert.match(printed('get', '00:05.0', 'latch'), /0x0000000f/);
    assert.match(printed('get', '00:05.0', 'latch'), /0x00000000/);
  });

  test('says what is wrong', () => {
    refused(/REGISTER_UNKNOWN[\s\S]*did you mean status/, 'get', '01:00.0', 'statsu');
    refused(/REGISTER_UNKNOWN.*there are identification, [\s\S]*openslot get/, 'get', '01:00.0', 'zzzzzz');
    refused(/REGISTER_MAP_ABSENT[\s\S]*bar0:0x0\/4/, 'get', '00:02.0');
    refused(/BAR_ABSENT.*it has BAR 0/, 'get', '01:00.0', 'bar3:0');
    refused(/REGISTER_WRITE_ONLY/, 'get', '01:00.0', 'interrupt_raise');
    refused(/REGISTER_WRITE_ONLY/, 'watch', '01:00.0', 'interrupt_raise', '--interval', '10');
    refused(/FUNCTION_NOT_FOUND/, 'get', '1f:00.0', 'status');
    refused(/REGISTER_MAP_UNREADABLE.*ENOENT/, 'get', '01:00.0', '--map', '/nowhere.json');
    assert.equal(openslot('get', '01:00.0', 'bar9:0').status, 2);
  });
});

describe('set', () => {
  test('shows before and after, and keeps the rest of the register', () => {
    assert.equal(
      printed('set', '01:00.0', 'status.interrupt_when_computed=on'),
      'edu.status.interrupt_when_computed  no -> yes  (0x00000000 -> 0x00000080)\n',
    );
    assert.equal(printed('set', '01:00.0', 'liveness=0'), 'edu.liveness  0x00000000 -> 0xffffffff\n');
    assert.equal(
      printed('set', '01:00.0', 'interrupt_acknowledge=1'),
      'edu.interrupt_acknowledge  written 0x00000001, not read back: it is write-only\n',
    );
    const { before, written, hex, set } = JSON.parse(
      printed('set', '01:00.0', 'status.interrupt_when_computed=off', '--json'),
    ) as Record<string, unknown>;
    assert.deepEqual(
      [before, written, hex, set],
      ['0x00000080', '0x00000000', '0x00000000', ['edu.status.interrupt_when_computed']],
    );
  });

  test('clears what a written 1 clears, and nothing else', () => {
    printed('set', '00:05.0', 'trigger=0xf0');
    assert.match(printed('set', '00:05.0', 'status=0x30'), /0x000000f. -> 0x000000c/);
  });

  test('refuses what cannot be written, before it writes anything', () => {
    refused(
      /REGISTER_READ_ONLY.*edu\.status\.computing: it is read-only/,
      'set',
      '01:00.0',
      'liveness=1',
      'status.computing=1',
    );
    assert.match(printed('get', '01:00.0', 'liveness'), /0xffffffff/);
  });

  test('leaves a function that somebody drives alone, unless that is asked for', () => {
    refused(/FUNCTION_DRIVEN.*driver nvme[\s\S]*--even-if-used/, 'set', '02:00.0', 'intms=1');
    assert.match(printed('get', '02:00.0', 'csts'), /rdy/);
    assert.match(printed('set', '02:00.0', 'aqa.asqs=2', '--even-if-used'), /1 entries -> 2 entries/);
    refused(/FUNCTION_DRIVEN[\s\S]*--even-if-used/, 'repl', '02:00.0');
  });

  test('says when a function does not decode', () => {
    printed('set', '01:00.0', 'config:0x04/2=0');
    refused(/DECODING_OFF[\s\S]*--enable/, 'get', '01:00.0', 'identification');
    assert.match(printed('get', '01:00.0', 'identification', '--enable'), /0x010000ed/);
    assert.match(printed('set', '01:00.0', 'config:0x04/2=3'), /0x0000 -> 0x0003/);
  });

  test('takes a map of one’s own', () => {
    const file = join(runtime, 'mine.json');
    const registers = [{ name: 'number', offset: 8, access: 'rw', show: 'number' }];
    writeFileSync(file, JSON.stringify({ name: 'mine', space: 'bar0', registers }));
    printed('set', '01:00.0', 'number=4', '--map', file);
    assert.equal(printed('get', '01:00.0', 'number', '--map', file), 'mine.number  0x00000018  24\n');
    writeFileSync(
      file,
      JSON.stringify({ name: 'mine', space: 'bar0', registers: [{ name: 'a', ofset: 8 }] }),
    );
    refused(
      /REGISTER_MAP_MALFORMED: .*mine\.json:1: registers\[0\]\.ofset[\s\S]*did you mean offset/,
      'get',
      '01:00.0',
      '--map',
      file,
    );
  });
});

describe('configuration space by name', () => {
  test('is read beside the device’s own registers', () => {
    const text = printed('get', '02:00.0', 'pcie.devctl.max_payload', 'header.vendor', 'csts.rdy', 'pm');
    assert.match(text, /^pcie\.devctl\.max_payload {2}128 bytes\nheader\.vendor {2}0x1b36\nnvme\.csts\.rdy/);
    assert.match(text, /^pm\.pmcsr {2}0x0000 {2}state=D0/m);
    const [data] = JSON.parse(printed('get', '02:00.0', 'pcie.devctl', '--json')) as [
      Record<string, unknown>,
    ];
    assert.deepEqual([data['space'], data['width']], ['config', 2]);
    refused(
      /REGISTER_UNKNOWN[\s\S]*did you mean pcie\.devctl\.max_payload/,
      'get',
      '02:00.0',
      'pcie.devctl.max_paylod',
    );
    refused(/REGISTER_ABSENT.*has no Single Root[\s\S]*openslot show/, 'get', '02:00.0', 'sriov.num_vfs');
    printed('watch', '02:00.0', 'header.vendor', '--until', 'pcie.devctl.max_payload=128', '--timeout', '20');
  });

  test('is set, listed and undone through the owner', () => {
    const set = ['pcie.devctl.max_payload=256', 'header.interrupt_line=5'];
    refused(/FUNCTION_DRIVEN[\s\S]*--even-if-used/, 'set', '02:00.0', ...set);
    refused(/UNDO_NOTHING/, 'undo', '02:00.0');
    assert.match(
      printed('set', '02:00.0', ...set, '--even-if-used'),
      /^pcie\.devctl\.max_payload {2}128 bytes -> 256 bytes {2}\(0x2810 -> 0x2830\)\nheader\.interrupt_line {2}0x.. -> 0x05\n$/,
    );
    refused(
      /REGISTER_READ_ONLY.*\(ro; PCI Express Base/,
      'set',
      '02:00.0',
      'pcie.devcap.flr=1',
      '--even-if-used',
    );
    refused(
      /FIELD_CRITICAL.*command\.memory/,
      'set',
      '02:00.0',
      'header.command.memory=off',
      '--even-if-used',
    );
    assert.match(printed('undo', '--list'), /0000:02:00\.0 {2}pcie\.devctl {2}0x2810 -> 0x2830\n/);
    assert.match(printed('set', '01:00.0', 'header.command.serr=on'), /serr {2}no -> yes/);
    refused(/FUNCTION_DRIVEN/, 'undo', '02:00.0');
    assert.match(
      printed('undo', '02:00.0', '--even-if-used'),
      /^header\.interrupt_line {2}0x05 -> 0x..\npcie\.devctl {2}0x2830 -> 0x2810\n$/,
    );
    printed('set', '01:00.0', 'config:0x3c/1=0x21');
    printed('set', '01:00.0', 'config:0x3c/1=0x22');
    printed('set', '01:00.0', 'liveness=1');
    const { registers } = JSON.parse(printed('undo', '--json')) as { registers: Record<string, unknown>[] };
    assert.deepEqual(registers, [
      { name: 'config:0x3c/1', offset: 0x3c, width: 1, before: '0x22', after: '0x21' },
    ]);
    printed('set', '01:00.0', 'config:0x3c/1=0x23');
    refused(/UNDO_CHANGED|UNDO_NOTHING/, 'undo', '02:00.0');
    for (let left = 3; left > 0; left--) printed('undo', '01:00.0');
    assert.match(printed('get', '01:00.0', 'header.command'), /serr-/);
    assert.doesNotMatch(printed('undo', '--list'), /header\.command|0x3c/);
    refused(/UNDO_MACHINE_ENDED.*proto mount/s, 'undo', '--on', 'sim:board.yaml');
  });

  test('show draws the bits', () => {
    const lines = printed('show', '02:00.0', '--bits');
    assert.match(lines, /pcie\.devctl +0x2810 +Device control\n +0010 1000 0001 0000\n/);
    assert.match(lines, /\+-+ 7:5 +max_payload +128 bytes\n/);
  });
});

describe('requests of somebody else', () => {
  const operation = { kind: 'write', space: 'bar0', offset: 4, width: 4, value: '0x1' };
  const ask = (operations: readonly object[]) =>
    askOwner(join(runtime, 'sim.sock'), 'registers', {
      address: '01:00.0',
      operations: operations as RequestParameters<'registers'>['operations'],
    });

  test('are bounded and checked, and all or nothing', async () => {
    const wrong: readonly (readonly object[])[] = [
      [],
      Array.from({ length: 257 }, () => operation),
      [{ ...operation, value: '0x1_0' }],
      [{ ...operation, value: 1 }],
      [{ ...operation, value: '0x100000000' }],
      [{ ...operation, value: '0x10000000000000000' }],
      [{ ...operation, width: 3 }],
      [{ ...operation, offset: -4 }],
      [{ ...operation, offset: 2 ** 40 }],
      [{ ...operation, space: 'rom' }],
      [{ ...operation, kind: 'swap' }],
      [{ ...operation, more: 1 }],
    ];
    for (const operations of wrong)
      await assert.rejects(ask(operations), { code: 'REQUEST_MALFORMED' }, JSON.stringify(operations[0]));
    printed('set', '01:00.0', 'liveness=0');
    const other = (offset: number, space = 'bar0') => ({ ...operation, offset, space });
    await assert.rejects(ask([operation, other(0x10_0000)]), { code: 'REGION_OUT_OF_RANGE' });
    await assert.rejects(ask([operation, other(6)]), { code: 'REGION_UNALIGNED' });
    await assert.rejects(ask([operation, other(0, 'bar1')]), { code: 'BAR_ABSENT' });
    await assert.rejects(ask([operation, { ...other(0, 'config'), width: 8 }]), { code: 'CONFIG_UNALIGNED' });
    assert.match(printed('get', '01:00.0', 'liveness'), /0xffffffff/, 'nothing was written');
    assert.deepEqual(await ask([operation, { kind: 'read', space: 'bar0', offset: 4, width: 4 }]), [
      null,
      '0xfffffffe',
    ]);
  });
});
