/** What the host uses is not taken from it: told all at once, refused before anything changes, taken when it is meant. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, describe, test } from 'node:test';
import {
  describeFinding,
  examineClaim,
  HostClaims,
  parseAllowance,
  TAKING_NAMES,
  type FindingName,
  type Severity,
} from '../../src/admin/index.js';
import type { HostUse, HostUseKind } from '../../src/function/index.js';
import { SimMachine, type MachineDescription } from '../../src/machines/sim/index.js';
import { notations, OpenslotError } from '../../src/pci/index.js';
import { TestHost } from '../embedded/embedded.js';

type Told = readonly [HostUse, FindingName, Severity, RegExp];

/** A use of each kind, and how it is told. */
const USES: Readonly<Record<HostUseKind, Told>> = {
  mount: [
    { kind: 'mount', via: 'vg-home on nvme0n1p2', at: '/home' },
    'mounted',
    'critical',
    /has file systems that are mounted: \/home \(vg-home on nvme0n1p2\)/,
  ],
  swap: [{ kind: 'swap', via: 'nvme0n1p3' }, 'swap', 'critical', /has swap that is on: nvme0n1p3/],
  'default-route': [
    { kind: 'default-route', via: 'br0 on eno1', family: 'inet6' },
    'default-route',
    'critical',
    /is the way of a default route: br0 on eno1 \(IPv6\)/,
  ],
  session: [
    { kind: 'session', via: 'eno1', who: 'alice', from: '192.0.2.7' },
    'session',
    'critical',
    /carries sessions of who is logged in: alice from 192\.0\.2\.7 by eno1/,
  ],
  console: [{ kind: 'console', via: 'ttyS4' }, 'console', 'critical', /has the console: ttyS4/],
  assembled: [{ kind: 'assembled', via: 'md1 on sdb' }, 'assembled', 'unsafe', /assembled: md1 on sdb/],
  network: [
    { kind: 'network', via: 'eno2', addresses: ['10.0.0.1', '10.0.0.2'] },
    'network',
    'unsafe',
    /has interfaces with addresses: eno2 \(10\.0\.0\.1, 10\.0\.0\.2\)/,
  ],
  open: [
    { kind: 'open', via: '/dev/dri/card0', process: 812, command: 'Xorg' },
    'open',
    'unsafe',
    /device files that are open: \/dev\/dri\/card0 by Xorg \(process 812\)/,
  ],
  'virtual-functions': [
    { kind: 'virtual-functions', via: 'ixgbe', functions: ['0000:03:10.0', '0000:03:10.2'] },
    'driver-busy',
    'unsafe',
    /virtual functions: 0000:03:10\.0, 0000:03:10\.2 of ixgbe/,
  ],
  'reserved-region': [
    {
      kind: 'reserved-region',
      via: 'IOMMU group 3',
      first: '0xcf8e0000',
      last: '0xcf8effff',
      relaxable: false,
    },
    'reserved-region',
    'unsafe',
    /memory that firmware reserves for it: 0xcf8e0000-0xcf8effff/,
  ],
  unseen: [
    { kind: 'unseen', via: 'files of 3 processes', why: 'this user may not see them' },
    'uses-unseen',
    'note',
    /may have more uses than are seen: files of 3 processes: this user may not see them/,
  ],
};

const DISK = notations.hex.parse('0000:00:01.0');
const OTHER = notations.hex.parse('0000:00:02.0');

function machineWith(uses: readonly HostUse[]): MachineDescription {
  return {
    lines: 8,
    roots: [
      {
        slots: [
          { slot: '01', model: 'nvme', driver: 'nvme', uses },
          { slot: '02', model: 'nvme', driver: 'nvme' },
          { slot: '03', bridge: {}, bus: [{ slot: '00', model: 'edu', driver: 'edu', uses }] },
        ],
      },
    ],
  };
}

const hostWith = (...uses: readonly HostUse[]) => TestHost.start(JSON.stringify(machineWith(uses)));

async function refusalOf(request: Promise<unknown>): Promise<OpenslotError> {
  const error = await request.then(
    () => assert.fail('it was done'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof OpenslotError, String(error));
  return error;
}

describe('a function that the host uses', () => {
  for (const [kind, [use, name, severity, message]] of Object.entries(USES))
    test(`${kind}: ${severity}`, async () => {
      await using here = await hostWith(use);
      const { claims, machine } = here.host;
      const [finding, ...more] = examineClaim([DISK], { machine }).map(describeFinding);
      assert.ok(finding !== undefined && more.length === 0);
      assert.equal(finding.code, name);
      assert.equal(finding.severity, severity);
      assert.match(finding.message, message);
      assert.ok(finding.why !== '' && finding.next !== '');
      assert.deepEqual(
        (await claims.planClaims([DISK])).findings.map(({ code }) => code),
        [name],
      );
      const others = TAKING_NAMES.filter((other) => other !== name);
      const bindings = () => [DISK, OTHER].map((address) => machine.drivers?.binding(address));
      const before = bindings();
      if (severity !== 'note') {
        const refusal = await refusalOf(
          claims.claimAll([OTHER, DISK], undefined, { allowed: others, evenIfCritical: [OTHER] }),
        );
        assert.equal(refusal.code, 'CLAIM_UNSAFE');
        assert.match(refusal.message, message);
        assert.deepEqual(refusal.evidence['functions'], [String(DISK)]);
        const way = severity === 'critical' ? `--even-if-critical ${DISK}` : `--allow ${name}`;
        assert.equal(refusal.next, `where that is acceptable: openslot claim ${OTHER} ${DISK} ${way}`);
        assert.deepEqual(bindings(), before);
        assert.deepEqual(here.host.pool.list(), []);
      }
      // What is critical is not allowed by its kind, nor the rest by the function's name.
      const wrong =
        severity === 'critical'
          ? { allowed: TAKING_NAMES, evenIfCritical: [] }
          : { allowed: [], evenIfCritical: [DISK] };
      if (severity !== 'note')
        assert.equal((await refusalOf(claims.claim(DISK, undefined, wrong))).code, 'CLAIM_UNSAFE');
      const right =
        severity === 'critical'
          ? { allowed: [], evenIfCritical: [DISK] }
          : { allowed: [name], evenIfCritical: [] };
      const report = await claims.claim(DISK, undefined, right);
      assert.equal(report.formerDriver, 'nvme');
      assert.deepEqual(examineClaim([DISK], { machine }), [], 'it is not the host’s any more');
      await claims.release(DISK);
      assert.equal(examineClaim([DISK], { machine }).length, 1, 'it is the host’s again');
    });

  test('many uses are one finding a kind, the first of them listed and the others counted', async () => {
    const mounts = ['/', '/a', '/b', '/c', '/d', '/e'].map((at): HostUse => ({
      kind: 'mount',
      via: 'sda2',
      at,
    }));
    await using here = await hostWith(...mounts, { kind: 'swap', via: 'sda3' });
    const found = examineClaim([DISK], { machine: here.machine }).map(describeFinding);
    assert.deepEqual(
      found.map(({ message }) => message),
      [
        `${DISK} has file systems that are mounted: / (sda2), /a (sda2), /b (sda2), /c (sda2) and 2 more`,
        `${DISK} has swap that is on: sda3`,
      ],
    );
    assert.match(
      found[0]?.next ?? '',
      /^the host runs from it: give another function away; take it all the same: --even-if-critical 00:01\.0$/,
    );
    assert.equal((found[0]?.evidence['uses'] as readonly string[]).length, 6);
  });

  test('firmware’s memory that ends with the host’s driver is only told of', async () => {
    const [region] = USES['reserved-region'];
    assert.ok(region.kind === 'reserved-region');
    await using here = await hostWith({ ...region, relaxable: true });
    const [finding] = examineClaim([DISK], { machine: here.machine });
    assert.equal(finding?.severity, 'note');
    await here.host.claims.claim(DISK);
  });

  test('a bridge is asked for what is behind it', async () => {
    await using here = await hostWith(USES.mount[0]);
    assert.deepEqual(here.machine.hostUses(here.address('00:03.0')), [USES.mount[0]]);
  });

  test('its names cannot command the terminal that reads of it', async () => {
    await using here = await hostWith({ kind: 'mount', via: 'sda', at: '/\u001b[2J' });
    const [finding] = examineClaim([DISK], { machine: here.machine }).map(describeFinding);
    assert.ok(finding !== undefined && !(finding.message + finding.next).includes('\u001b'));
  });
});

test('an attachment that seizes asks for the same, and tells what was given up for it', async () => {
  await using here = await hostWith(USES.mount[0], USES.network[0]);
  const guest = await here.run('lists', [], { name: 'web' });
  const refusal = await refusalOf(here.attach(guest, '00:01.0,seize=1'));
  assert.equal(refusal.code, 'ATTACH_UNSAFE');
  assert.deepEqual(refusal.evidence['findings'], ['mounted']);
  assert.match(refusal.next, / --even-if-critical 0000:00:01\.0$/);
  assert.deepEqual(here.host.pool.list(), []);
  const report = await here.attach(guest, '00:01.0,seize=1', { evenIfCritical: [DISK] });
  const told = report.findings.map(({ code, severity }) => `${code} ${severity}`);
  assert.ok(told.includes('mounted critical') && told.includes('network unsafe'), told.join());
  assert.ok(
    report.remarks.some((remark) => remark.endsWith(': taken all the same')),
    report.remarks.join(),
  );
});

describe('what stands beside a function', () => {
  test('for VFIO, others of its group that the host’s drivers have, unless they are claimed with it', () => {
    using machine = new SimMachine({
      roots: [
        {
          slots: [
            {
              slot: '01',
              bridge: { aliases: true },
              bus: [
                { slot: '00', model: 'nvme', driver: 'nvme' },
                { slot: '01', model: 'edu', driver: 'edu' },
                { slot: '02', model: 'edu' },
              ],
            },
          ],
        },
      ],
    });
    const [first, second] = ['01:00.0', '01:01.0'].map((text) => notations.hex.parse(text));
    assert.ok(first !== undefined && second !== undefined);
    const told = (functions: readonly (typeof first)[], purpose?: 'vfio') =>
      examineClaim(functions, { machine, purpose }).map(describeFinding);
    assert.deepEqual(told([first]), []);
    assert.deepEqual(told([first, second], 'vfio'), []);
    const [finding, ...more] = told([first], 'vfio');
    assert.deepEqual(more, []);
    assert.equal(finding?.code, 'group-in-use');
    assert.equal(finding.severity, 'note');
    assert.match(finding.message, /is in IOMMU group \d+ with 0000:01:01\.0 .*driver edu\)$/);
    assert.equal(finding.next, 'openslot claim --for vfio 01:01.0');
  });

  test('a name that was given to another device at the address, with where that is now', async () => {
    await using here = await hostWith();
    const { pool, machine } = here.host;
    const misnamed = new Map([
      [DISK.sbdf, { named: 'nic-dmz', differences: ['its serial number was 7, and is 8'], movedTo: OTHER }],
    ]);
    const claims = new HostClaims(pool, machine, undefined, () => Promise.resolve(misnamed));
    const refusal = await refusalOf(claims.claim(DISK));
    assert.equal(refusal.code, 'CLAIM_UNSAFE');
    assert.match(
      refusal.message,
      /0000:00:01\.0 is not the function that was named nic-dmz there: its serial number was 7, and is 8; nic-dmz is at 0000:00:02\.0 now/,
    );
    assert.deepEqual(refusal.evidence['findings'], ['not-as-named']);
    await claims.claim(OTHER);
    await claims.claim(DISK, undefined, { allowed: ['not-as-named'], evenIfCritical: [] });
  });
});

test('what a host lives from is not allowed by its kind', () => {
  for (const name of ['mounted', 'swap', 'default-route', 'session', 'console'])
    assert.throws(() => parseAllowance([`open,${name}`]), { code: 'FINDING_CRITICAL' });
  assert.deepEqual(parseAllowance(['open,network']), ['open', 'network']);
});

describe('the commands, on a host in a folder', () => {
  const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'openslot-taking-'));
  after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  mkdirSync(join(folder, 'host'));
  writeFileSync(
    join(folder, 'host', 'machine.yaml'),
    JSON.stringify(machineWith([USES.mount[0], USES.network[0]])),
  );
  const openslot = (...args: readonly string[]) =>
    spawnSync(process.execPath, [MAIN, ...args, '--on', `sim:${join(folder, 'host')}`], {
      encoding: 'utf8',
      env: { ...process.env, OPENSLOT_RUNTIME_DIR: folder, OPENSLOT_STATE_DIR: folder, NO_COLOR: '1' },
    });

  test('claim says why not, and what to type; the plan shows it and changes nothing; what is typed then takes it', () => {
    const refused = openslot('claim', '00:01.0', '--allow', 'network');
    assert.equal(refused.status, 1, refused.stderr);
    assert.match(
      refused.stderr,
      /^error CLAIM_UNSAFE: it is not safe to take 0000:00:01\.0 from the host:\n {2}mounted: /,
    );
    assert.ok(!refused.stderr.includes('network:'), 'what is allowed is not told again');
    const way = /^next {2}where that is acceptable: openslot (claim .*)$/m.exec(refused.stderr)?.[1] ?? '';
    assert.equal(way, `claim --on sim:${join(folder, 'host')} 0000:00:01.0 --even-if-critical 0000:00:01.0`);
    const plan = openslot('claim', '00:01.0', '--dry-run');
    assert.equal(plan.status, 0, plan.stderr);
    assert.match(plan.stdout, /^critical {2}mounted: .*\n.*\nunsafe {2}network: /m);
    const other = openslot('claim', '00:01.0', '--allow', 'network', '--even-if-critical', '00:02.0');
    assert.equal(other.status, 1, 'another function was named');
    const taken = openslot(...way.split(' '), '--allow', 'network');
    assert.equal(taken.status, 0, taken.stderr);
    assert.match(taken.stdout, /^0000:00:01\.0 is in the pool: from nvme/);
    assert.equal(openslot('release', '00:01.0').status, 0);
  });

  test('show tells it beforehand, what is critical by two marks', () => {
    const shown = openslot('show', '00:01.0');
    assert.equal(shown.status, 0, shown.stderr);
    assert.match(shown.stdout, /^ !! mounted {10}0000:00:01\.0 has file systems that are mounted: \/home/m);
    assert.match(shown.stdout, /^ {2}! network {10}0000:00:01\.0 has interfaces with addresses: eno2/m);
  });
});
