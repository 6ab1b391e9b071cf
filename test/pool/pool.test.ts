/** The pool: claim and its undo, one taker, what a return does to the function, quarantine, the journal on disk. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ChangeFolder, Changes } from '../../src/change/index.js';
import { DriverError } from '../../src/function/index.js';
import { OpenslotError, PciAddress } from '../../src/pci/index.js';
import { FileJournal, MemoryJournal, Pool, type PoolChange } from '../../src/pool/index.js';
import { parseMachine, SimMachine } from '../../src/machines/sim/index.js';
import { disk, edu } from '../function/shapes.js';
import { SimulatedHost } from '../function/simulated-host.js';

const DISK = disk().address;
const EDU = edu().address;

function hostWithDriver() {
  const machine = new SimulatedHost(disk(), edu());
  machine.drivers.start(DISK, 'nvme');
  return { machine, drivers: machine.drivers, journal: new MemoryJournal() };
}

const code = (expected: string) => (error: unknown) =>
  error instanceof OpenslotError && error.code === expected;

describe('claim and release', () => {
  test('the former driver and override come back', async () => {
    const { machine, drivers, journal } = hostWithDriver();
    const pool = new Pool(machine, journal);
    const record = await pool.claim(DISK, 'pciback');
    assert.deepEqual(record, {
      address: DISK,
      formerDriver: 'nvme',
      formerOverride: undefined,
      holder: 'pciback',
    });
    assert.deepEqual(drivers.log, ['override pciback', 'unbind', 'bind pciback', 'override none']);
    assert.equal(journal.records().length, 1);
    await pool.release(DISK);
    assert.deepEqual(drivers.binding(DISK), { driver: 'nvme', override: undefined });
    assert.deepEqual(journal.records(), []);
  });

  test('without a holder nobody can bind it meanwhile', async () => {
    const { machine, drivers, journal } = hostWithDriver();
    const pool = new Pool(machine, journal);
    await pool.claim(DISK, undefined);
    assert.deepEqual(drivers.binding(DISK), { driver: undefined, override: 'openslot' });
    // Enabled once, as a holder does: the host routes the pin then. What reaches nobody does not decode.
    assert.deepEqual(
      machine.device(DISK).writes.map(({ offset, value }) => [offset, value & 3]),
      [
        [4, 3],
        [4, 0],
      ],
    );
    await pool.release(DISK);
    assert.deepEqual(drivers.binding(DISK), { driver: 'nvme', override: undefined });
  });

  test('one that is gone is only forgotten', async () => {
    using machine = new SimMachine(
      parseMachine('roots: [{bus: 0, slots: [{slot: "08", model: nvme, driver: nvme}]}]'),
    );
    const journal = new MemoryJournal();
    const pool = new Pool(machine, journal);
    await pool.claim(DISK, undefined);
    machine.inject(DISK, { fault: 'removed' });
    assert.deepEqual(
      pool.planRelease(DISK).steps.map(({ kind }) => kind),
      ['record_claim'],
    );
    await pool.release(DISK);
    assert.deepEqual([journal.records(), pool.list()], [[], []]);
  });

  for (const failing of ['override pciback', 'unbind', 'bind pciback', 'override none']) {
    test(`a claim that fails at "${failing}" leaves the host as it was`, async () => {
      const { machine, drivers, journal } = hostWithDriver();
      let refusals = 1;
      drivers.failing = (step) =>
        step === failing && refusals-- > 0 ? new DriverError('DRIVER_BUSY', DISK, 'nvme', 'busy') : undefined;
      const pool = new Pool(machine, journal);
      await assert.rejects(pool.claim(DISK, 'pciback'), code('DRIVER_BUSY'));
      assert.deepEqual(drivers.binding(DISK), { driver: 'nvme', override: undefined });
      assert.deepEqual([journal.records(), pool.list()], [[], []]);
    });
  }

  test('twice, bridges, absent functions and strangers are refused before anything changes', async () => {
    const isa = { ...edu(new PciAddress(0, 0, 0x1f, 0)), classCode: 0x060100 };
    const bridge = { address: new PciAddress(0, 0, 1, 0), bridge: true } as const;
    const machine = new SimulatedHost(disk(), bridge, isa);
    const pool = new Pool(machine, new MemoryJournal());
    await assert.rejects(pool.claim(bridge.address, 'pciback'), code('FUNCTION_NOT_ASSIGNABLE'));
    await assert.rejects(pool.claim(isa.address, 'pciback'), code('FUNCTION_NOT_ASSIGNABLE'));
    await assert.rejects(pool.claim(new PciAddress(0, 9, 0, 0), 'pciback'), code('FUNCTION_NOT_FOUND'));
    await assert.rejects(pool.release(DISK), code('FUNCTION_NOT_CLAIMED'));
    assert.throws(() => pool.take(DISK, 'guest 1'), code('FUNCTION_NOT_CLAIMED'));
    assert.deepEqual(machine.drivers.log, []);
    await pool.claim(DISK, 'pciback');
    await assert.rejects(pool.claim(DISK, 'pciback'), code('FUNCTION_ALREADY_CLAIMED'));
  });

  test('one that another tool took from its holder, and gave nobody, can be claimed again', async () => {
    const { machine, drivers, journal } = hostWithDriver();
    const pool = new Pool(machine, journal);
    await pool.claim(DISK, 'pciback');
    // As `xl pci-assignable-remove` without -r.
    await drivers.unbind(DISK);
    await pool.claim(DISK, 'pciback');
    assert.equal(drivers.binding(DISK).driver, 'pciback');
    await pool.release(DISK);
    assert.deepEqual(drivers.binding(DISK), { driver: 'nvme', override: undefined });
  });

  test('a function that its holder has already joins as it stands', async () => {
    const { machine, drivers, journal } = hostWithDriver();
    drivers.start(EDU, 'pciback');
    const pool = new Pool(machine, journal);
    await pool.claim(EDU, 'pciback');
    assert.deepEqual(drivers.log, []);
    await pool.release(EDU, 'edu');
    assert.equal(drivers.binding(EDU).driver, 'edu', 'to the driver that somebody else remembered');
  });
});

describe('taking and giving back', () => {
  async function taken() {
    const { machine, journal } = hostWithDriver();
    const pool = new Pool(machine, journal);
    await pool.claim(DISK, 'pciback');
    return { machine, pool, lease: pool.take(DISK, 'guest 1'), device: machine.device(DISK) };
  }

  test('one taker at a time, and no release under it', async () => {
    const { pool, lease } = await taken();
    assert.throws(() => pool.take(DISK, 'guest 2'), code('FUNCTION_TAKEN'));
    await assert.rejects(pool.release(DISK), code('FUNCTION_TAKEN'));
    assert.deepEqual(
      pool.list().map(({ state }) => state),
      ['taken'],
    );
    await lease.giveBack();
    assert.deepEqual(
      pool.list().map(({ state }) => state),
      ['free'],
    );
    await pool.take(DISK, 'guest 2').giveBack();
  });

  test('the ledger is settled in reverse, bus mastering ends, then reset and restore', async () => {
    const { lease, device } = await taken();
    const order: string[] = [];
    for (const what of ['first', 'second']) {
      lease.ledger.add({
        what,
        undo: () => {
          order.push(what);
        },
      });
    }
    lease.function.config.write(4, 2, 7);
    lease.function.config.write(0x10, 4, 0xdead_0000);
    lease.function.config.write(0x88, 2, 0x0010);
    device.writes.length = 0;
    const report = await lease.giveBack();
    assert.deepEqual(order, ['second', 'first']);
    assert.deepEqual(report.reset, { method: 'flr' });
    assert.deepEqual([report.differing, report.unsettled, report.quarantined], [[], [], undefined]);
    assert.deepEqual(device.writes[0], { offset: 4, width: 2, value: 0x0403 });
    assert.equal(device.read(0x10, 4), 0xfebd_0004);
    assert.equal(device.read(4, 2), 0x0400, 'INTx stays off in the pool');
    assert.equal(device.register('pcie.devctl'), 0x2810);
  });

  test('a grant that cannot be undone is told, and keeps nothing else', async () => {
    const { lease } = await taken();
    let undone = false;
    lease.ledger.add({
      what: 'a page',
      undo: () => {
        undone = true;
      },
    });
    lease.ledger.add({ what: 'pirq 55', undo: () => Promise.reject(new Error('ESRCH')) });
    const report = await lease.giveBack();
    assert.deepEqual(report.unsettled, ['pirq 55: ESRCH']);
    assert.ok(undone);
  });

  test('giving back twice is one return', async () => {
    const { lease, device } = await taken();
    const [first, second] = await Promise.all([lease.giveBack(), lease.giveBack()]);
    assert.equal(first, second);
    assert.equal(device.resets, 1);
  });

  test('a device that is gone is kept from everybody', async () => {
    const { pool, lease, device } = await taken();
    device.gone = true;
    const report = await lease.giveBack();
    assert.ok(report.quarantined !== undefined);
    assert.throws(() => pool.take(DISK, 'guest 2'), code('FUNCTION_QUARANTINED'));
    await pool.release(DISK);
  });

  test('a function without a reset is restored and says so', async () => {
    const { machine, journal } = hostWithDriver();
    const pool = new Pool(machine, journal);
    await pool.claim(EDU, 'pciback');
    const report = await pool.take(EDU, 'guest 1').giveBack();
    assert.ok('failed' in report.reset);
    assert.equal(report.quarantined, undefined);
  });
});

describe('two at once', () => {
  /** A host whose driver steps take their time. */
  function slowHost() {
    const host = hostWithDriver();
    const { drivers } = host;
    const [bind, unbind] = [drivers.bind.bind(drivers), drivers.unbind.bind(drivers)];
    const later = () => new Promise((resolve) => setTimeout(resolve, 5));
    drivers.bind = async (address, driver) => {
      await later();
      await bind(address, driver);
    };
    drivers.unbind = async (address) => {
      await later();
      await unbind(address);
    };
    return host;
  }

  test('two claims: one gets it, with the true former driver', async () => {
    const { machine, journal } = slowHost();
    const pool = new Pool(machine, journal);
    const [first, second] = await Promise.allSettled([
      pool.claim(DISK, 'pciback'),
      pool.claim(DISK, 'pciback'),
    ]);
    assert.equal(first.status, 'fulfilled');
    assert.ok(second.status === 'rejected' && code('FUNCTION_CHANGING')(second.reason));
    assert.equal(journal.records()[0]?.formerDriver, 'nvme');
  });

  test('no taker gets in while a claim or a release is under way', async () => {
    const { machine, journal, drivers } = slowHost();
    const pool = new Pool(machine, journal);
    const claiming = pool.claim(DISK, 'pciback');
    assert.throws(() => pool.take(DISK, 'guest 1'), code('FUNCTION_CHANGING'));
    assert.equal(pool.adoptHeld(DISK, 'pciback'), true, 'already a member');
    await claiming;
    const releasing = pool.release(DISK);
    assert.throws(() => pool.take(DISK, 'guest 1'), code('FUNCTION_CHANGING'));
    await assert.rejects(pool.release(DISK), code('FUNCTION_CHANGING'));
    await releasing;
    assert.equal(drivers.binding(DISK).driver, 'nvme');
  });

  test('a rollback that fails keeps the record, and tells both reasons', async () => {
    const { machine, drivers, journal } = hostWithDriver();
    drivers.failing = (step) => (step.startsWith('bind') ? new Error(`no ${step}`) : undefined);
    const pool = new Pool(machine, journal);
    await assert.rejects(pool.claim(DISK, 'pciback'), (error: unknown) => {
      assert.ok(code('ROLLBACK_FAILED')(error));
      assert.match(String(error), /no bind pciback; .* bind it to nvme again: no bind nvme/);
      return true;
    });
    assert.equal(journal.records()[0]?.formerDriver, 'nvme');
    // Nobody gets it, and nothing is changed about it, before that is settled.
    assert.throws(() => pool.take(DISK, 'guest 1'), code('CHANGE_UNFINISHED'));
    await assert.rejects(pool.release(DISK), code('CHANGE_UNFINISHED'));
    const [failed] = await pool.recover('back');
    assert.equal(failed?.outcome, 'failed');
    drivers.failing = () => undefined;
    const [recovery] = await pool.recover('back');
    assert.equal(recovery?.outcome, 'undone');
    assert.deepEqual(drivers.binding(DISK), { driver: 'nvme', override: undefined });
    assert.deepEqual([pool.list(), journal.records(), await pool.recover('back')], [[], [], []]);
  });

  test('a change of several is made as a whole, or not at all', async () => {
    const { machine, drivers, journal } = hostWithDriver();
    const pool = new Pool(machine, journal);
    const both = () => [pool.planClaim(DISK, 'pciback'), pool.planClaim(EDU, 'pciback')];
    drivers.failing = (step) =>
      step === 'bind pciback' && drivers.log.includes('bind pciback')
        ? new DriverError('DRIVER_BUSY', EDU, 'pciback', 'busy')
        : undefined;
    await assert.rejects(pool.change('claim both', both()), code('DRIVER_BUSY'));
    assert.deepEqual(drivers.binding(DISK), { driver: 'nvme', override: undefined });
    assert.deepEqual(drivers.binding(EDU), { driver: undefined, override: undefined });
    assert.deepEqual(journal.records(), []);
    drivers.failing = () => undefined;
    await pool.change('claim both', both());
    assert.deepEqual(
      pool.list().map(({ state }) => state),
      ['free', 'free'],
    );
  });
});

describe('hardware that is not sound', () => {
  test('a saved bus master bit is not restored: the last program of a taker must not run on', async () => {
    const machine = new SimulatedHost(edu());
    machine.open(EDU).config.write(4, 2, 0x0107);
    const pool = new Pool(machine, new MemoryJournal());
    await pool.claim(EDU, 'pciback');
    await pool.take(EDU, 'guest 1').giveBack();
    assert.equal(machine.device(EDU).read(4, 2) & 4, 0);
  });

  test('a device that answers with all ones is not given, and its state is not saved', async () => {
    const { machine, journal } = hostWithDriver();
    const pool = new Pool(machine, journal);
    await pool.claim(DISK, 'pciback');
    machine.device(DISK).gone = true;
    assert.throws(() => pool.take(DISK, 'guest 1'), code('FUNCTION_QUARANTINED'));
    machine.device(DISK).gone = false;
    await pool.take(DISK, 'guest 1').giveBack();
    assert.equal(machine.device(DISK).read(0x10, 4), 0xfebd_0004);
  });

  test('quarantine outlives the owner', async () => {
    const { machine, journal } = hostWithDriver();
    const pool = new Pool(machine, journal);
    await pool.claim(DISK, 'pciback');
    const lease = pool.take(DISK, 'guest 1');
    machine.device(DISK).gone = true;
    await lease.giveBack();
    machine.device(DISK).gone = false;
    const later = new Pool(machine, journal);
    assert.throws(() => later.take(DISK, 'guest 2'), code('FUNCTION_QUARANTINED'));
  });

  test('what others gave back to a driver meanwhile is no member', async () => {
    const { machine, journal, drivers } = hostWithDriver();
    const pool = new Pool(machine, journal);
    await pool.claim(DISK, 'pciback');
    drivers.start(DISK, 'nvme');
    assert.throws(() => pool.take(DISK, 'guest 1'), code('FUNCTION_NOT_CLAIMED'));
    assert.deepEqual(new Pool(machine, journal).list(), []);
  });
});

describe('the journal on disk', () => {
  test('another process finds the claims, and what it cannot read is not overwritten', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'openslot-'));
    try {
      const path = join(folder, 'below', 'linux.claims.json');
      const { machine } = hostWithDriver();
      await new Pool(machine, new FileJournal(path)).claim(DISK, 'pciback');
      const later = new Pool(machine, new FileJournal(path));
      assert.deepEqual(
        later.list().map(({ address }) => String(address)),
        ['0000:00:08.0'],
      );
      await later.release(DISK);
      assert.equal(machine.drivers.binding(DISK).driver, 'nvme');
      assert.equal(readFileSync(path, 'utf8'), '[]\n');
      for (const text of [
        '',
        '{',
        '[1]',
        '[{"address": 5}]',
        '{"a": 1}',
        // A driver that is forgotten would never get the function back.
        '[{"address": "0000:00:08.0", "formerDriver": 5}]',
        '[{"address": "0000:00:08.0", "former": "nvme"}]',
      ]) {
        writeFileSync(path, text);
        assert.throws(() => new Pool(machine, new FileJournal(path)), code('JOURNAL_UNREADABLE'), text);
        assert.equal(readFileSync(path, 'utf8'), text);
      }
      assert.throws(() => new FileJournal(path).records(), /: \[0\]: .*"former"/, 'the field is named');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a change that a former process left', () => {
  /** The pool of the next process, and the file in which the former one wrote a change down. */
  function left(change: (pool: Pool) => PoolChange) {
    const folder = mkdtempSync(join(tmpdir(), 'openslot-left-'));
    const { machine, drivers, journal } = hostWithDriver();
    const planned = change(new Pool(machine, journal));
    const open = new ChangeFolder(folder).open({ what: 'it', steps: planned.steps });
    open.begin(0);
    open.leave();
    const pool = new Pool(machine, journal, new Changes(new ChangeFolder(folder)));
    const path = join(folder, '00000001.change');
    return {
      folder,
      path,
      planned,
      pool,
      drivers,
      [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
    };
  }

  test('has the steps that were written, each with all that it says', () => {
    for (const holder of ['pciback', undefined]) {
      using host = left((pool) => pool.planClaim(DISK, holder));
      assert.deepEqual(host.pool.changes.unfinished()[0]?.steps, host.planned.steps);
    }
  });

  test('is refused where a step is damaged, by file and field, and no driver is touched', async () => {
    for (const [written, damaged, field] of [
      ['"driver":"nvme"', '"driver":null', /: line 1: steps\[2\]\.driver: /],
      [
        '"kind":"bind","subject":"0000:00:08.0"',
        '"kind":"bind","subject":"8"',
        /steps\[3\]\.subject: it is no address/,
      ],
      ['"holder":"pciback"', '"holder":{}', /steps\[0\]\.after\.holder: /],
      ['"formerDriver"', '"formerDriven"', /steps\[0\]\.after: .*"formerDriven"/],
    ] as const) {
      using host = left((pool) => pool.planClaim(DISK, 'pciback'));
      const text = readFileSync(host.path, 'utf8');
      assert.ok(text.includes(written), written);
      writeFileSync(host.path, text.replace(written, damaged));
      for (const way of ['back', 'forth'] as const)
        await assert.rejects(host.pool.recover(way), (error: unknown) => {
          assert.ok(code('CHANGE_UNREADABLE')(error), String(error));
          assert.equal((error as OpenslotError).evidence['path'], host.path);
          assert.match(String(error), field);
          return true;
        });
      assert.deepEqual(host.drivers.log, []);
    }
  });
});

describe('a taker that outlives the process', () => {
  /** A pool whose process ends while a guest has the disk and writes what it likes into its registers. */
  async function left() {
    const { machine, journal } = hostWithDriver();
    const former = new Pool(machine, journal);
    await former.claim(DISK, 'pciback');
    const { function: fn } = former.take(DISK, 'guest 3');
    const cacheLine = fn.config.read(0x0c, 1);
    fn.config.write(0x0c, 1, cacheLine ^ 0x10);
    fn.config.write(4, 2, 0x0407);
    return { machine, journal, cacheLine, pool: new Pool(machine, journal) };
  }

  test('has the function still, for everybody', async () => {
    const { pool } = await left();
    assert.deepEqual(pool.list(), [{ address: DISK, holder: 'pciback', state: 'taken', taker: 'guest 3' }]);
    assert.deepEqual(pool.left(), [{ address: DISK, taker: 'guest 3' }]);
    for (const ask of [
      () => pool.take(DISK, 'guest 4'),
      () => pool.resume(DISK, 'guest 4'),
      () => {
        pool.checkFree(DISK);
      },
    ])
      assert.throws(ask, code('FUNCTION_TAKEN'));
    await assert.rejects(pool.release(DISK), code('FUNCTION_TAKEN'));
    let back = false;
    void pool.givenBack(DISK).then(() => (back = true));
    await pool.returned(DISK);
    assert.equal(back, false);
  });

  test('gives it back as it was before he had it, and once', async () => {
    const { machine, journal, cacheLine, pool } = await left();
    const lease = pool.resume(DISK, 'guest 3');
    assert.deepEqual(pool.left(), []);
    assert.throws(() => pool.resume(DISK, 'guest 3'), code('FUNCTION_TAKEN'));
    const back = pool.givenBack(DISK);
    const report = await lease.giveBack();
    await back;
    assert.deepEqual([report.differing, report.quarantined], [[], undefined]);
    using fn = machine.open(DISK);
    assert.deepEqual([fn.config.read(0x0c, 1), fn.config.read(4, 2)], [cacheLine, 0x0400]);
    assert.equal(pool.list()[0]?.state, 'free');
    assert.equal(new Pool(machine, journal).list()[0]?.state, 'free');
    assert.throws(() => pool.resume(DISK, 'guest 3'), code('FUNCTION_NOT_TAKEN'));
  });

  test('is in the journal’s file, and one that does not say who it is is refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'openslot-taken-'));
    try {
      const path = join(folder, 'claims.json');
      const { machine } = hostWithDriver();
      const former = new Pool(machine, new FileJournal(path));
      await former.claim(DISK, 'pciback');
      former.take(DISK, 'guest 3');
      const pool = new Pool(machine, new FileJournal(path));
      const report = await pool.resume(DISK, 'guest 3').giveBack();
      assert.deepEqual([report.differing, report.quarantined], [[], undefined]);
      const entry = { address: '0000:00:08.0', holder: 'pciback' };
      for (const taken of [{}, null, { taker: 'guest 3' }, { taker: 'guest 3', saved: [{ name: 'x' }] }]) {
        writeFileSync(path, JSON.stringify([{ ...entry, taken }]));
        assert.throws(() => new Pool(machine, new FileJournal(path)), code('JOURNAL_UNREADABLE'));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
