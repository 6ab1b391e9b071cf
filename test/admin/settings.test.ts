/** Registers set by name and undone: on a simulated function, and on QEMU's models where there is a QEMU. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { accessRegisters, type RegisterOperation } from '../../src/admin/index.js';
import {
  functionIdentity,
  SettingJournal,
  setRegisters,
  undoSetting,
  type RegisterChange,
} from '../../src/admin/settings/index.js';
import type { Machine } from '../../src/function/index.js';
import { parseMachine, SimMachine } from '../../src/machines/sim/index.js';
import { notations, OpenslotError, type PciAddress } from '../../src/pci/index.js';
import { assignments, ConfigurationNames, selectReadable } from '../../src/proto/program/index.js';
import { FULL_SHAPE, ProbeKind } from '../machines/sim/probe.js';
import { skip, startQemu } from '../machines/qemu/qemu.js';

const folder = mkdtempSync(join(tmpdir(), 'openslot-settings-'));
after(() => {
  rmSync(folder, { recursive: true });
});
let journals = 0;

/** One function of a machine, with a journal of its own and every access written down. */
class Settings {
  readonly operations: RegisterOperation[] = [];
  readonly folder = join(folder, String(journals++));
  readonly journal = new SettingJournal(this.folder);
  readonly #machine: Machine;
  readonly #address: PciAddress;

  constructor(machine: Machine, address: PciAddress) {
    this.#machine = machine;
    this.#address = address;
  }

  readonly run = (operations: readonly RegisterOperation[]) => {
    this.operations.push(...operations);
    const options = { evenIfUsed: false, enable: false };
    return Promise.resolve().then(() =>
      accessRegisters(this.#machine, undefined, this.#address, operations, options),
    );
  };

  names(): ConfigurationNames {
    using fn = this.#machine.open(this.#address);
    return new ConfigurationNames(fn.config);
  }

  identity() {
    const summary = this.#machine.list().find(({ address }) => address.equals(this.#address));
    assert.ok(summary);
    return functionIdentity(summary);
  }

  async set(texts: readonly string[], evenIfCritical = false): Promise<RegisterChange[]> {
    const configuration = this.names();
    const changes: RegisterChange[] = [];
    const about = { address: String(this.#address), identity: this.identity() };
    const options = { evenIfCritical, journal: this.journal, about, configuration };
    await setRegisters(this.run, assignments([], texts, configuration), options, (change) =>
      changes.push(change),
    );
    return changes;
  }

  async undo(evenIfChanged = false, identity = this.identity()): Promise<void> {
    const last = this.journal.records().at(-1);
    assert.ok(last, 'nothing to undo');
    await undoSetting(this.run, last.record, identity, { evenIfChanged });
    this.journal.remove(last.number);
  }

  /** The value of one register. */
  async value(name: string): Promise<number> {
    const [selected] = selectReadable([], name, this.names());
    assert.ok(selected);
    const { space, offset, shape } = selected;
    const [found] = await this.run([{ kind: 'read', space, offset, width: shape.register.width }]);
    return Number(found);
  }
}

async function refused(code: string, act: Promise<unknown>): Promise<string> {
  let told = '';
  await assert.rejects(act, (error: unknown) => {
    if (!(error instanceof OpenslotError)) return false;
    told = `${error.message} ${error.next}`;
    return error.code === code;
  });
  return told;
}

function simulated(): { readonly machine: SimMachine; readonly at: PciAddress; readonly nvme: Settings } {
  const text = 'roots: [{slots: [{slot: "01", model: nvme, aer: true}]}]';
  const machine = new SimMachine(parseMachine(text), { clock: 'manual' });
  const at = notations.hex.parse('00:01.0');
  return { machine, at, nvme: new Settings(machine, at) };
}

describe('setting', () => {
  test('takes the value as it is shown, or the bits; keeps the others; tells before and after', async () => {
    using machine = simulated().machine;
    const nvme = new Settings(machine, notations.hex.parse('00:01.0'));
    const before = await nvme.value('pcie.devctl');
    const payload = (value: number) => (value >> 5) & 7;
    for (const [text, raw] of [
      ['256', 1],
      ['0', 0],
      ['512 bytes', 2],
      ['raw:3', 3],
      ['1', 1],
    ] as const) {
      const [change] = await nvme.set([`pcie.devctl.max_payload=${text}`]);
      assert.equal(payload(Number(change?.after)), raw, text);
      assert.equal(Number(change?.after) & ~0xe0, before & ~0xe0, text);
    }
    const both = await nvme.set(['pcie.devctl.max_payload=128', 'pcie.devctl.relaxed_order=off']);
    assert.equal(both.length, 1, 'fields of one register are one write');
  });

  test('makes accesses of the register’s width, the write of it once', async () => {
    const { machine, nvme } = simulated();
    using _end = machine;
    await nvme.value('pcie.devctl');
    const { offset } = nvme.operations[0] ?? { offset: 0 };
    nvme.operations.length = 0;
    await nvme.set(['pcie.devctl.ext_tag=on']);
    assert.deepEqual(
      nvme.operations.map(({ kind, offset: at, width }) => [kind, at, width]),
      ['read', 'update', 'read', 'read'].map((kind) => [kind, offset, 2]),
    );
    nvme.operations.length = 0;
    await nvme.set(['header.latency=16']);
    const writes = nvme.operations.filter(({ kind }) => kind !== 'read');
    assert.deepEqual(
      writes.map(({ kind, offset: at, width }) => [kind, at, width]),
      [['write', 0x0d, 1]],
    );
  });

  test('refuses what software does not set, with the kind of access and the source, before it writes', async () => {
    const { machine, nvme } = simulated();
    using _end = machine;
    for (const text of ['pcie.devcap.max_payload=256', 'header.vendor=1', 'pcie.devsta.pending=1'])
      assert.match(
        await refused('REGISTER_READ_ONLY', nvme.set(['pcie.devctl.ext_tag=on', text])),
        /read-only.*\(ro; .*(PCI Express Base|PCI Local Bus)/,
        text,
      );
    assert.match(
      await refused('REGISTER_READ_ONLY', nvme.set(['header.command=0xf000'])),
      /bits 0xf000 of it: it is reserved \(rsvdp; PCI Local Bus/,
    );
    assert.match(
      await refused('REGISTER_READ_ONLY', nvme.set(['pcie.devsta=0x10'])),
      /pcie\.devsta\.aux_power: it is read-only/,
    );
    await refused('REGISTER_VALUE', nvme.set(['pcie.devctl.max_payload=300']));
    await refused('REGISTER_VALUE', nvme.set(['pcie.devctl.ext_tag=on', 'pcie.devctl.ext_tag=off']));
    assert.ok(nvme.operations.every(({ kind }) => kind === 'read'));
    assert.deepEqual(nvme.journal.records(), []);
  });

  test('says what the hardware did not take, after all was written', async () => {
    const { machine, nvme } = simulated();
    using _end = machine;
    assert.match(
      await refused('SET_NOT_TAKEN', nvme.set(['header.command.mwi=on', 'header.command.serr=on'])),
      /0000:00:01\.0 did not take .*header\.command\.mwi it has not.*openslot undo 0000:00:01\.0/,
    );
    assert.equal((await nvme.value('header.command')) & 0x110, 0x100, 'what it has is set');
    assert.deepEqual(
      nvme.journal.records().flatMap(({ record }) => record.registers.map(({ name }) => name)),
      ['header.command'],
      'and can be undone',
    );
    // Where nothing is kept, nothing is said of undoing.
    const configuration = nvme.names();
    const about = { address: '0000:00:01.0', identity: nvme.identity() };
    const unkept = setRegisters(
      nvme.run,
      assignments([], ['header.command.mwi=on'], configuration),
      { evenIfCritical: false, journal: undefined, about, configuration },
      () => undefined,
    );
    assert.doesNotMatch(await refused('SET_NOT_TAKEN', unkept), /undo/);
    // A reset ends by itself, and a whole register shows what it was and is.
    await nvme.set(['pcie.devctl.flr=on'], true);
    await nvme.set(['header.command=0x0010'], true);
  });

  test('leaves what cuts the function off or moves it alone, unless it is meant', async () => {
    const { machine, nvme } = simulated();
    using _end = machine;
    await nvme.set(['header.command.memory=on', 'header.command.bus_master=on']);
    for (const text of [
      'header.command.memory=off',
      'header.command=0',
      'header.bar0=0xfe000000',
      'pcie.devctl.flr=1',
      'pm.pmcsr.state=D3hot',
    ])
      assert.match(await refused('FIELD_CRITICAL', nvme.set([text])), /--even-if-critical/, text);
    await nvme.set(['header.command.memory=off'], true);
    assert.equal((await nvme.value('header.command')) & 2, 0);
    await nvme.undo();
    assert.equal((await nvme.value('header.command')) & 2, 2);
  });

  test('clears what a written 1 clears only where it is named, and says that this is not undone', async () => {
    const { machine, at, nvme } = simulated();
    using _end = machine;
    machine.inject(at, { fault: 'uncorrectable', error: 'completion_timeout' });
    const status = await nvme.value('pcie.devsta');
    assert.notEqual(status & 0xf, 0, 'the device has detected an error');
    await nvme.set(['pcie.devctl.ext_tag=on']);
    assert.equal(await nvme.value('pcie.devsta'), status, 'its neighbour is as it was');
    await refused('REGISTER_VALUE', nvme.set(['pcie.devsta.non_fatal=0']));
    await nvme.set(['pcie.devsta.non_fatal=1']);
    assert.equal(await nvme.value('pcie.devsta'), status & ~2);
    assert.deepEqual(
      nvme.journal.records().map(({ record: { registers, lost } }) => [registers.length, lost]),
      [
        [1, []],
        [0, ['pcie.devsta.non_fatal']],
      ],
    );
  });
});

describe('undo', () => {
  test('puts back what was set, the last first, and nothing besides', async () => {
    const { machine, nvme } = simulated();
    using _end = machine;
    const [command, control] = [await nvme.value('header.command'), await nvme.value('pcie.devctl')];
    await nvme.set(['header.command.serr=on', 'pcie.devctl.max_payload=512', 'header.command.parity=on']);
    await nvme.set(['pcie.devctl.max_payload=256']);
    await nvme.set(['header.interrupt_line=9']);
    assert.equal(nvme.journal.records().length, 3);
    await nvme.undo();
    await nvme.undo();
    assert.equal((await nvme.value('pcie.devctl')) >> 5, (control >> 5) | 2);
    // Somebody else sets another field meanwhile: it stays.
    using fn = machine.open(notations.hex.parse('00:01.0'));
    fn.config.write(4, 2, command | 0x0140 | 0x0400);
    await nvme.undo();
    assert.deepEqual(
      [await nvme.value('header.command'), await nvme.value('pcie.devctl')],
      [command | 0x0400, control],
    );
    assert.deepEqual(nvme.journal.records(), []);
  });

  test('of bits that were given by number leaves those alone that a written 1 clears', async () => {
    const { machine, at, nvme } = simulated();
    using _end = machine;
    await nvme.value('pcie.devctl');
    const { offset } = nvme.operations[0] ?? { offset: 0 };
    const control = await nvme.value('pcie.devctl');
    await nvme.set([`config:0x${offset.toString(16)}/4=${control | 0x100}`]);
    machine.inject(at, { fault: 'uncorrectable', error: 'completion_timeout' });
    const status = await nvme.value('pcie.devsta');
    await nvme.undo();
    assert.deepEqual([await nvme.value('pcie.devctl'), await nvme.value('pcie.devsta')], [control, status]);
  });

  test('is refused where the register has changed since, or another device has come', async () => {
    const { machine, nvme } = simulated();
    using _end = machine;
    const line = await nvme.value('header.interrupt_line');
    await nvme.set(['header.interrupt_line=9']);
    using fn = machine.open(notations.hex.parse('00:01.0'));
    fn.config.write(0x3c, 1, 7);
    assert.match(
      await refused('UNDO_CHANGED', nvme.undo()),
      /is 0x07, and was left at 0x09.*--even-if-changed/,
    );
    const other = { ...nvme.identity(), device: 0x4711, revision: 1 };
    assert.match(await refused('UNDO_OTHER_DEVICE', nvme.undo(false, other)), /is 1b36:4711/);
    assert.equal(await nvme.value('header.interrupt_line'), 7);
    await nvme.undo(true);
    assert.equal(await nvme.value('header.interrupt_line'), line);
  });

  test('makes no access behind a window: what was written there stays', async () => {
    const kind = new ProbeKind({ full: [FULL_SHAPE] });
    const slots = [{ slot: '02', model: 'probe' }];
    using machine = new SimMachine({ roots: [{ slots }] }, { kinds: [kind], clock: 'manual' });
    const probe = new Settings(machine, notations.hex.parse('00:02.0'));
    await probe.set(['vpd.address.offset=4'], true);
    const [kept] = probe.journal.records();
    assert.deepEqual([kept?.record.registers, kept?.record.lost], [[], ['vpd.address.offset']]);
    await refused('FIELD_CRITICAL', probe.set(['vpd.data=1']));
  });

  test('what changed nothing is not remembered, and what was refused neither', async () => {
    const { machine, nvme } = simulated();
    using _end = machine;
    await nvme.set([`header.interrupt_line=${await nvme.value('header.interrupt_line')}`]);
    assert.deepEqual(nvme.journal.records(), []);
    const configuration = nvme.names();
    const about = { address: '0000:00:01.0', identity: nvme.identity() };
    const refusing = (operations: readonly RegisterOperation[]) => {
      if (operations.some(({ kind }) => kind !== 'read')) throw new TypeError('the machine is gone');
      return nvme.run(operations);
    };
    await assert.rejects(
      setRegisters(
        refusing,
        assignments([], ['header.interrupt_line=9'], configuration),
        { evenIfCritical: false, journal: nvme.journal, about, configuration },
        () => undefined,
      ),
      TypeError,
    );
    assert.deepEqual(nvme.journal.records(), []);
  });

  test('knows what was set by a command that ended before it could look again', async () => {
    const { machine, nvme } = simulated();
    using _end = machine;
    const line = await nvme.value('header.interrupt_line');
    const configuration = nvme.names();
    const about = { address: '0000:00:01.0', identity: nvme.identity() };
    let isOver = false;
    const dying = async (operations: readonly RegisterOperation[]) => {
      if (isOver) throw new TypeError('the command has ended');
      const isWrite = operations.some(({ kind }) => kind !== 'read');
      if (isWrite) {
        assert.equal(nvme.journal.records().length, 1, 'on disk before the write');
        await nvme.run(operations);
        isOver = true;
        throw new TypeError('the command has ended');
      }
      return nvme.run(operations);
    };
    await assert.rejects(
      setRegisters(
        dying,
        assignments([], ['header.interrupt_line=9'], configuration),
        { evenIfCritical: false, journal: nvme.journal, about, configuration },
        () => undefined,
      ),
      TypeError,
    );
    assert.equal(await nvme.value('header.interrupt_line'), 9);
    await nvme.undo();
    assert.equal(await nvme.value('header.interrupt_line'), line);
  });
});

describe('the journal', () => {
  const empty = {
    ...{ address: '0000:00:01.0', when: '2040-01-01T00:00:00.000Z', registers: [], lost: [] },
    identity: { vendor: 1, device: 2, subsystem: '', classCode: 3, revision: 0 },
  };

  test('that cannot be written is a refusal, with its reason', () => {
    const file = join(folder, 'no-folder');
    writeFileSync(file, '');
    assert.throws(() => new SettingJournal(join(file, 'journal')).add(empty), {
      code: 'SETTING_NOT_KEPT',
      message: /ENOTDIR/,
    });
  });

  test('counts on past eight digits', () => {
    const place = join(folder, 'long');
    mkdirSync(place);
    writeFileSync(join(place, '99999999.json'), JSON.stringify(empty));
    const journal = new SettingJournal(place);
    assert.equal(journal.add(empty), 100_000_000);
    assert.deepEqual(
      journal.records().map(({ number }) => number),
      [99_999_999, 100_000_000],
    );
  });

  test('has a file for each command, is bounded, and tells a file that is none of its own', () => {
    const place = join(folder, 'bounded');
    const [one, other] = [new SettingJournal(place), new SettingJournal(place)];
    const identity = { vendor: 1, device: 2, classCode: 3, revision: 4, subsystem: '' };
    const record = {
      address: '0000:00:01.0',
      identity,
      when: '2000-01-01T00:00:00Z',
      registers: [],
      lost: ['x'],
    };
    const numbers = Array.from({ length: 300 }, (_, index) => (index % 2 === 0 ? one : other).add(record));
    assert.deepEqual(numbers.slice(0, 3), [1, 2, 3]);
    assert.equal(one.records().length, 256);
    assert.equal(one.records().at(-1)?.number, 300);
    assert.ok(readdirSync(place).every((name) => /^\d{8}\.json$/.test(name)));
    writeFileSync(join(place, '00000300.json'), '{"address": 1}');
    assert.throws(() => one.records(), { code: 'SETTING_UNREADABLE' });
  });
});

describe('on QEMU’s models', { skip }, () => {
  test('what is set is there, and is undone', async () => {
    const devices =
      '-device pcie-root-port,id=rp0,chassis=1,addr=02.0 -device nvme,serial=n,bus=rp0 -device edu,addr=06.0';
    using machine = await startQemu(devices);
    const functions = machine.list().filter(({ driver }) => driver === undefined);
    assert.ok(functions.length >= 3);
    let express = 0;
    const outcomes = new Set<boolean>();
    for (const { address } of functions) {
      const settings = new Settings(machine, address);
      const texts = ['header.command.serr=on', 'header.interrupt_line=11'];
      const isExpress = settings.names().names().includes('pcie.devctl.max_read');
      if (isExpress) {
        express++;
        // Which of them a model holds, is its own: it is told as it is.
        for (const text of ['pcie.devctl.max_read=256', 'pcie.devctl.correctable=on']) {
          const held = await settings.value('pcie.devctl');
          const setting = settings.set([text]).then(
            () => undefined,
            (error: unknown) => (error instanceof OpenslotError ? error.code : error),
          );
          const isKept = (await setting) === undefined;
          if (!isKept) assert.equal(await setting, 'SET_NOT_TAKEN');
          assert.equal((await settings.value('pcie.devctl')) !== held, isKept, text);
          assert.equal(settings.journal.records().length, isKept ? 1 : 0);
          if (isKept) await settings.undo();
          outcomes.add(isKept);
        }
      }
      const names = texts.map((text) => text.slice(0, text.indexOf('=')));
      const registers = [...new Set(names.map((name) => name.split('.').slice(0, 2).join('.')))];
      const values = () => Promise.all(registers.map((name) => settings.value(name)));
      const before = await values();
      const changes = await settings.set(texts);
      assert.deepEqual(
        changes.map(({ after }) => Number(after)),
        await values(),
      );
      assert.notDeepEqual(await values(), before, String(address));
      await refused('FIELD_CRITICAL', settings.set(['header.bar0=0xe0000000']));
      await settings.undo();
      assert.deepEqual(await values(), before, String(address));
    }
    assert.ok(express >= 2);
    assert.ok(outcomes.has(false));
  });
});
