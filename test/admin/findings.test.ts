/** What is not safe to give away, on machines that have it: told all at once, refused before anything changes, allowed by name. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import {
  CHECKS,
  describeFinding,
  describeHostEvent,
  FINDING_NAMES,
  parseAllowance,
  type Finding,
  type FindingName,
  type SharingName,
  type Observed,
  type Taker,
} from '../../src/admin/index.js';
import type { SurveyedFunction } from '../../src/function/index.js';
import type { FunctionShape } from '../../src/machines/sim/index.js';
import { OpenslotError, PciAddress } from '../../src/pci/index.js';
import { domainId } from '../../src/xen/domain.js';
import { TestHost } from '../embedded/embedded.js';
import { ProbeKind } from '../machines/sim/probe.js';
import { toolStackCreates } from '../pciback/front-end.js';

/** Registers of half a page, a reset of its own, no interrupt. */
const HALF: FunctionShape = {
  vendor: 0x1b36,
  device: 0x7002,
  classCode: 0x028000,
  revision: 1,
  regions: [{ index: 0, kind: 'memory', size: 0x800 }],
  express: { flr: true },
};

function hostOf(description: string, allowed: readonly FindingName[] = [], refuseUnsafe = false) {
  const kinds = [new ProbeKind({ half: [HALF] })];
  return TestHost.start(description, { kinds, allowed, refuseUnsafe });
}

/** One machine for each finding that a machine of its own shows best, with what is attached there. */
const MACHINES: Readonly<Record<Exclude<SharingName, 'split-device'>, readonly [string, string]>> = {
  'shared-interrupt': [
    '{lines: 8, roots: [{slots: [{slot: "01", model: nvme}, {slot: "09", model: nvme, driver: nvme}]}]}',
    '00:01.0',
  ],
  'shared-page': [
    `drivers: [net]
roots:
  - slots:
      - {slot: "01", model: probe, options: {shape: half}, regions: {0: {address: 0x80000000}}}
      - {slot: "02", model: probe, options: {shape: half}, regions: {0: {address: 0x80000800}}, driver: net}`,
    '00:01.0',
  ],
  'shared-group': [
    `lines: 8
roots:
  - slots:
      - slot: "01"
        bridge: {aliases: true}
        bus: [{slot: "00", model: nvme}, {slot: "01", model: nvme, driver: nvme}]`,
    '01:00.0',
  ],
  'no-reset': ['{roots: [{slots: [{slot: "01", model: testdev}]}]}', '00:01.0'],
  'no-iommu': ['{iommu: false, roots: [{slots: [{slot: "01", model: nvme}]}]}', '00:01.0'],
};

async function refusalOf(request: Promise<unknown>): Promise<OpenslotError> {
  const error = await request.then(
    () => assert.fail('it was done'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof OpenslotError, String(error));
  return error;
}

/** All that may not change when something is refused. */
function story({ host }: TestHost): unknown {
  return [
    host.pool.list().map(({ address, state }) => `${address} ${state}`),
    host.machine.list().map(({ address, driver }) => `${address} ${driver ?? '-'}`),
    host.store.read('/local/domain/0/backend/pci'),
    host.store.read('/libxl/pci'),
  ];
}

describe('a finding of its own machine', () => {
  for (const [name, [description, address]] of Object.entries(MACHINES)) {
    test(`${name}: refused before anything changes, and done once it is allowed by this name`, async () => {
      await using test = await hostOf(description);
      const guest = await test.run('nothing', [], { name: 'web' });
      const before = story(test);
      const refusal = await refusalOf(test.attach(guest, address));
      assert.equal(refusal.code, 'ATTACH_UNSAFE');
      assert.deepEqual(refusal.evidence['findings'], [name]);
      assert.match(refusal.message, new RegExp(`^it is not safe to give .* to guest web:\n  ${name}: 0000:`));
      assert.ok(refusal.next.endsWith(` --allow ${name}`), refusal.next);
      assert.deepEqual(story(test), before);
      // Another name does not help.
      const others = FINDING_NAMES.filter((other) => other !== name);
      assert.equal((await refusalOf(test.attach(guest, address, { allow: others }))).code, 'ATTACH_UNSAFE');
      assert.deepEqual(story(test), before);
      const report = await test.attach(guest, address, { allow: [name as FindingName] });
      assert.equal(report.frontEnd, 'connected');
      assert.deepEqual(
        report.findings.map(({ code, severity }) => [code, severity]),
        [[name, 'unsafe']],
      );
      assert.ok(
        report.remarks.some((remark) => remark.endsWith(`allowed by ${name}`)),
        report.remarks.join('; '),
      );
      // The back end tells it, too: it does not know who asked.
      const told = test.events.flatMap((event) =>
        event.of === 'back end' && event.event.event === 'found' ? [event.event.finding.code] : [],
      );
      assert.deepEqual(told, [name]);
    });
  }

  test('says who the other one is, where, and what can be done', async () => {
    const told = async (name: keyof typeof MACHINES, otherClass?: number) => {
      const [description, address] = MACHINES[name];
      await using test = await hostOf(description);
      const [finding] = await test.host.examiner.look(test.address(address));
      assert.ok(finding !== undefined);
      if (otherClass === undefined) return describeFinding(finding);
      assert.ok(finding.name === 'shared-interrupt');
      const others = finding.others.map((other) => ({ ...other, classCode: otherClass }));
      return describeFinding({ ...finding, others });
    };
    const line = await told('shared-interrupt');
    assert.equal(
      line.message,
      '0000:00:01.0 shares interrupt line 17 with 0000:00:09.0 (Non-Volatile memory controller, the host has it: driver nvme)',
    );
    assert.equal(line.evidence['line'], 17);
    assert.match(line.next, /^take it from nvme: openslot claim 00:09\.0; put one of the cards/);
    const bridge = await told('shared-interrupt', 0x060400);
    assert.match(bridge.next, /^put one of the cards/);
    const page = await told('shared-page');
    assert.match(
      page.message,
      /0000:00:02\.0 \(.*driver net\): page 0x80000000, its BAR 0, BAR 0 of the other$/,
    );
    assert.deepEqual(page.evidence['pages'], ['0x80000000']);
    const group = await told('shared-group');
    assert.match(group.message, /in one IOMMU group \(\d+\) with 0000:01:01\.0 /);
    assert.equal(group.evidence['known'], 'told');
    assert.equal((await told('no-reset')).message, '0000:00:01.0 has no reset');
    assert.match((await told('no-iommu')).why, /DMA reaches all memory/);
  });
});

describe('what counts as shared', () => {
  const [description] = MACHINES['shared-interrupt'];
  const OTHER = '00:09.0';
  const run = (test: TestHost, name: string) => test.run('nothing', [], { name });

  test('not what one guest gets at once, or has already; but what another guest has', async () => {
    await using test = await hostOf(description);
    const [one, two] = [await run(test, 'one'), await run(test, 'two')];
    const both = ['00:01.0', OTHER].map((text) => test.spec(text));
    assert.deepEqual((await test.host.attachments.attach(one.domain, both)).findings, []);
    await test.detach(one, OTHER);
    assert.deepEqual((await test.attach(one, OTHER)).findings, []);
    await test.detach(one, OTHER);
    const refusal = await refusalOf(test.attach(two, OTHER));
    assert.equal(refusal.code, 'ATTACH_UNSAFE');
    assert.match(refusal.message, new RegExp(`guest ${one.name} \\(${one.domain}\\) has it`));
    assert.match(refusal.message, new RegExp(`openslot detach ${one.domain} 00:01\\.0`));
  });

  test('what is free in the pool, or has no driver, is noted and not refused', async () => {
    await using test = await hostOf(description);
    const guest = await test.run('nothing');
    await test.host.claims.claim(test.address(OTHER));
    const inPool = await test.attach(guest, '00:01.0');
    assert.deepEqual(
      inPool.findings.map(({ code, severity, next }) => [code, severity, next]),
      [['shared-interrupt', 'note', '']],
    );
    assert.match(inPool.findings[0]?.message ?? '', /in the pool\)$/);
    assert.deepEqual(inPool.remarks, []);
    await test.detach(guest, '00:01.0');
    await test.host.claims.release(test.address(OTHER));
    await test.machine.drivers.unbind(test.address(OTHER));
    const unused = await test.attach(guest, '00:01.0');
    assert.deepEqual(
      unused.findings.map(({ severity, next }) => [severity, next]),
      [['note', 'keep drivers of the host from it: openslot claim 00:09.0']],
    );
  });

  test('all findings of all functions are told at once', async () => {
    await using test = await hostOf(`
      iommu: false
      roots:
        - slots:
            - {slot: "01", model: clearing}
            - {slot: "05", model: nvme, driver: nvme}
            - {slot: "02", model: multi, driver: gpio}`);
    const guest = await test.run('nothing');
    const wanted = ['00:01.0', '00:02.3'].map((text) => test.spec(text));
    const refusal = await refusalOf(test.host.attachments.attach(guest.domain, wanted));
    assert.deepEqual(refusal.evidence['findings'], [
      'shared-interrupt',
      'no-reset',
      'no-iommu',
      'split-device',
    ]);
    assert.match(refusal.message, /split-device: 0000:00:02\.3 is of one device with 0000:00:02\.0 /);
    assert.match(refusal.next, /--allow shared-interrupt,no-reset,no-iommu,split-device$/);
  });

  test('two guests that take what is shared at the same moment: never both', async () => {
    await using test = await hostOf(description);
    for (const text of ['00:01.0', OTHER]) await test.host.claims.claim(test.address(text));
    const guests = [await run(test, 'one'), await run(test, 'two')];
    const results = await Promise.allSettled(
      guests.map((guest, index) => test.attach(guest, index === 0 ? '00:01.0' : OTHER)),
    );
    const done = results.filter(({ status }) => status === 'fulfilled');
    assert.ok(done.length <= 1);
    for (const one of results)
      if (one.status === 'rejected') assert.equal((one.reason as OpenslotError).code, 'ATTACH_UNSAFE');
    assert.equal(test.host.pool.list().filter(({ state }) => state === 'taken').length, done.length);
  });
});

describe('where another tool stack gives a function', () => {
  const [description, address] = MACHINES['no-reset'];

  /** As `xl pci-attach` lists the first function of a guest; the grants are not asked for here. */
  async function listed(test: TestHost): Promise<number> {
    await test.host.claims.claim(test.address(address));
    const { domain } = await test.run('nothing');
    await toolStackCreates(test.host.xen.platform.store, domain, [`0000:${address}`]);
    return domain;
  }

  const failures = (test: TestHost) =>
    test.events.flatMap((event) =>
      event.of === 'back end' && event.event.event === 'failed' ? [event.event.error] : [],
    );

  test('it is told and exported', async () => {
    await using test = await hostOf(description);
    const domain = await listed(test);
    await test.until('the export', () => test.host.pool.list().some(({ state }) => state === 'taken'));
    const told = test.events.find(
      ({ of, ...event }) => of === 'back end' && JSON.stringify(event).includes('found'),
    );
    assert.ok(told?.of === 'back end' && told.event.event === 'found');
    assert.deepEqual(
      [told.event.guest, told.event.finding.code, told.event.finding.message],
      [domain, 'no-reset', '0000:00:01.0 has no reset'],
    );
    assert.equal(describeHostEvent(told), `guest ${domain}: not safe: no-reset: 0000:00:01.0 has no reset`);
  });

  test('with refusal at the back end it is not exported, and the reason is told', async () => {
    await using test = await hostOf(description, [], true);
    await listed(test);
    await test.until('the refusal', () => failures(test).length > 0);
    const [error] = failures(test);
    assert.ok(error instanceof OpenslotError && error.code === 'ATTACH_UNSAFE', String(error));
    assert.equal(test.host.pool.list()[0]?.state, 'free');
  });

  test('what the administrator allows on the whole host, or at an attach of ours, the back end exports', async () => {
    await using everywhere = await hostOf(description, ['no-reset'], true);
    await listed(everywhere);
    await everywhere.until('the export', () => everywhere.host.pool.list()[0]?.state === 'taken');
    await using once = await hostOf(description, [], true);
    const guest = await once.run('nothing');
    assert.equal((await once.attach(guest, address, { allow: ['no-reset'] })).frontEnd, 'connected');
  });
});

describe('the checks', () => {
  const [OWN, SIBLING] = [new PciAddress(0, 3, 0, 0), new PciAddress(0, 3, 0, 1)];
  const surveyed = (address: PciAddress, more: Partial<SurveyedFunction> = {}, headerType = 0) =>
    ({
      summary: { address, headerType, classCode: 0x020000 } as SurveyedFunction['summary'],
      regions: [],
      resetMethods: ['flr'],
      line: undefined,
      wire: undefined,
      group: undefined,
      ...more,
    }) satisfies SurveyedFunction;

  function found(
    observed: Partial<Observed['neighbours']>,
    taker: Taker,
    translated?: boolean,
  ): readonly Finding[] {
    const own = surveyed(OWN, { group: 1 });
    const neighbours = { own, line: [], pages: [], group: [], device: [], ...observed };
    return CHECKS.flatMap(
      (check) =>
        check({ neighbours, groups: 'derived', translated, takerOf: () => taker, isTogether: () => false }) ??
        [],
    );
  }
  const host: Taker = { kind: 'host', driver: 'igb' };

  test('a function of a device that an IOMMU tells from the others is split, one that it does not is of the group', () => {
    const sibling = surveyed(SIBLING);
    const names = (findings: readonly Finding[]) =>
      findings.map(({ name, severity }) => `${name} ${severity}`);
    assert.deepEqual(names(found({ device: [sibling] }, host, true)), ['split-device unsafe']);
    assert.deepEqual(names(found({ device: [sibling], group: [sibling] }, host, true)), [
      'shared-group unsafe',
    ]);
    assert.deepEqual(names(found({ device: [sibling] }, { kind: 'pool' }, true)), ['split-device note']);
    // Where nobody knows of an IOMMU, its absence is not claimed.
    assert.deepEqual(names(found({ device: [sibling], group: [sibling] }, host)), ['shared-group unsafe']);
    assert.deepEqual(names(found({ device: [sibling], group: [sibling] }, host, false)), [
      'split-device unsafe',
      'no-iommu unsafe',
    ]);
  });

  test('a port on the line counts when its driver takes its interrupts', () => {
    const port = surveyed(new PciAddress(0, 0, 0x1c, 0), {}, 1);
    assert.equal(found({ line: [port] }, { kind: 'host', driver: 'pcieport' }, true).length, 1);
    assert.deepEqual(found({ line: [port] }, { kind: 'host', driver: undefined }, true), []);
  });

  test('a guest’s name cannot command the terminal that reads of it', () => {
    const taker: Taker = { kind: 'taken', by: 'guest \u001b[2Jx (3)', guest: domainId(3) };
    const [finding] = found({ device: [surveyed(SIBLING)] }, taker, true);
    assert.ok(finding !== undefined);
    assert.ok(!describeFinding(finding).message.includes('\u001b'));
  });
});

test('names of findings: lists with commas, given again, and what is none', () => {
  assert.deepEqual(parseAllowance(['no-reset', 'shared-page, no-reset']), ['no-reset', 'shared-page']);
  for (const text of ['', 'noreset', 'no-reset,', 'no-reset;no-iommu', 'NO-RESET'])
    assert.throws(() => parseAllowance([text]), {
      code: 'FINDING_UNKNOWN',
      message: /there are shared-interrupt, /,
    });
});

test('every finding is explained, under the name that allows it', () => {
  const text = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
  for (const name of FINDING_NAMES) assert.match(text, new RegExp(`^\\| \`${name}\` \\|`, 'm'));
});
