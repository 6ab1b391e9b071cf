/** The doctor on made hosts: each of its codes is shown by one, with nothing else wrong; a sound host is quiet. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHECKS, diagnose, PURPOSES, type Diagnosis } from '../../../src/admin/doctor/index.js';
import { examineHost } from '../../../src/cli/doctor-facts.js';
import { diagnosisLines } from '../../../src/cli/doctor-text.js';
import { FolderFiles } from '../../../src/cli/host-files.js';
import { ILL_HOSTS, type IllHost } from './ill-hosts.js';
import { FUNCTION, SOUND_FACTS, SOUND_HOSTS } from './sound-host.js';
import { MadeTree } from './tree.js';

const trees = { vfio: new MadeTree(SOUND_HOSTS.vfio), xen: new MadeTree(SOUND_HOSTS.xen) };
after(() => {
  for (const tree of Object.values(trees)) tree[Symbol.dispose]();
});

async function examine({ base, changes, facts = {}, address, purpose }: IllHost): Promise<Diagnosis> {
  const { root } = trees[base];
  using _changed = trees[base].change(changes);
  const told = (await examineHost({ root }, address)).facts;
  const all = { ...told, ...SOUND_FACTS, ...facts };
  return diagnose(new FolderFiles({ root, uid: all.user.uid }), all, {
    address,
    purposes: purpose === undefined ? undefined : [purpose],
  });
}

function codesOf({ checks }: Diagnosis): string[] {
  return checks.flatMap(({ causes }) => causes.map(({ code }) => code));
}

const codes = CHECKS.flatMap(({ causes }) => Object.keys(causes));

describe('a sound host is quiet', () => {
  for (const base of ['vfio', 'xen'] as const)
    for (const address of [undefined, FUNCTION])
      test(`${base}, ${address === undefined ? 'the host' : 'its function'}`, async () => {
        const diagnosis = await examine({ base, changes: {}, ...(address === undefined ? {} : { address }) });
        assert.deepEqual(codesOf(diagnosis), []);
        assert.deepEqual(
          diagnosis.purposes.map(({ purpose, ready }) => [purpose, ready]),
          [
            [base, true],
            ['proto', true],
          ],
        );
        assert.ok(diagnosis.checks.length > (address === undefined ? 10 : 15), 'it was asked');
      });
});

describe('a tree that was saved as the page says', () => {
  const page = readFileSync(new URL('../../../../docs/doctor.md', import.meta.url), 'utf8');
  const [, script] = /^```sh\nfrom=\/ to=\/tmp\/host\n([^]*?)^```$/m.exec(page) ?? [];
  for (const base of ['vfio', 'xen'] as const)
    test(`${base}: is told the same of as its host`, async () => {
      assert.ok(script !== undefined);
      using saved = new MadeTree({});
      const { root } = trees[base];
      const { status, stderr } = spawnSync('sh', ['-u'], {
        input: `from=${root} to=${saved.root}\n${script}`,
        encoding: 'utf8',
      });
      assert.deepEqual([status, stderr], [0, '']);
      const told = async (where: string) => {
        const { files, facts } = await examineHost({ root: where }, FUNCTION);
        return diagnose(files, { ...facts, ...SOUND_FACTS }, { address: FUNCTION });
      };
      assert.deepEqual(await told(saved.root), await told(root));
    });
});

test('a folder that is no host is refused, and not told to lack everything', async () => {
  using empty = new MadeTree({ '/etc/fuse.conf': '' });
  for (const root of [empty.root, join(empty.root, 'none')])
    await assert.rejects(examineHost({ root }, undefined), { code: 'SAVED_HOST_ABSENT' });
});

describe('a host with one fault', () => {
  for (const [code, { also = [], ready = false, ...host }] of Object.entries(ILL_HOSTS))
    test(code, async () => {
      const diagnosis = await examine(host);
      assert.deepEqual(codesOf(diagnosis).sort(), [code, ...also].sort());
      const cause = diagnosis.checks.flatMap(({ causes }) => causes).find((one) => one.code === code);
      assert.ok(cause !== undefined);
      assert.ok(cause.what !== '' && cause.why !== '', 'it is said what is so, and why it matters');
      assert.equal(
        diagnosis.purposes.every((purpose) => purpose.ready),
        ready,
        `in the way: ${JSON.stringify(diagnosis.purposes)}`,
      );
    });

  test('there is one for every code', () => {
    assert.deepEqual(Object.keys(ILL_HOSTS).sort(), [...codes].sort());
    assert.equal(new Set(codes).size, codes.length, 'no code has two meanings');
  });
});

test('every code is documented, with what it is in the way of', () => {
  const page = readFileSync(fileURLToPath(new URL('../../../../docs/doctor.md', import.meta.url)), 'utf8');
  const rows = [...page.matchAll(/^\| `([A-Z_0-9]+)` \| [^|]+\|([^|]*)\|$/gm)].map(
    ([, code = '', blocks = '']) => `${code} ${blocks.trim()}`,
  );
  const wayOf = (check: string, blocks: readonly string[]) => {
    if (check === 'modules') return 'by module';
    return blocks.length === PURPOSES.length
      ? 'all'
      : PURPOSES.filter((purpose) => blocks.includes(purpose)).join(', ');
  };
  const expected = CHECKS.flatMap(({ name, causes }) =>
    Object.entries(causes).map(([code, { blocks }]) => `${code} ${wayOf(name, blocks)}`),
  );
  assert.deepEqual(rows.sort(), expected.sort());
});

test('a diagnosis in words goes by layer and ends with what is in the way', async () => {
  const ill = ILL_HOSTS['IOMMU_OFF_BY_OPTION'];
  assert.ok(ill !== undefined);
  const lines = diagnosisLines(await examine(ill));
  const heads = lines.filter((line) => /^\w/.test(line));
  assert.deepEqual(heads, [
    'firmware',
    'command line',
    'modules',
    'IOMMU',
    'kernel',
    'limits',
    'VFIO and UIO',
    'FUSE',
    'openslot',
    'vfio: in the way: IOMMU_OFF_BY_OPTION, IOMMU_OFF',
    'proto: nothing stands in the way',
  ]);
  assert.ok(
    lines.includes('  stop  IOMMU_OFF_BY_OPTION: the kernel command line has intel_iommu=off'),
    lines.join('\n'),
  );
});
