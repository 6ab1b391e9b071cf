/** Virtual machines where a guest is named, as a user types them: what the command line itself refuses, and this host. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, describe, test } from 'node:test';

const COMMAND = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'openslot-qmp-'));
after(() => {
  rmSync(folder, { recursive: true });
});

function openslot(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
    encoding: 'utf8',
    env: { ...process.env, OPENSLOT_RUNTIME_DIR: folder, OPENSLOT_STATE_DIR: folder, NO_COLOR: '1' },
  });
  return { status, stdout, stderr };
}

/** A place that no host has a function at. */
const ABSENT = 'ff:1f.7';

describe('qmp:SOCKET', () => {
  test('is given whole functions of this host, by address', () => {
    for (const [spec, ...more] of [
      ['36:00.0@5'],
      ['36:00.0,permissive=1'],
      ['36:00.*'],
      ['36:00.0', '--on', 'sim'],
    ]) {
      const { status, stderr } = openslot('attach', 'qmp:/run/none', spec ?? '', ...more);
      assert.equal(status, 2, stderr);
      assert.match(stderr, /^error QEMU_(SPEC_OPTION|HOST_ONLY): [^]*^next {2}/m);
    }
  });

  test('tells why there is no force', () => {
    const { status, stderr } = openslot('detach', '--force', 'qmp:/run/none', '36:00.0');
    assert.equal(status, 1);
    assert.match(stderr, /QEMU_FORCE_IMPOSSIBLE: .*not let go[^]*detach qmp:\/run\/none 0000:36:00\.0 asks/);
  });

  test('a function that is not there is told of before anybody is asked', () => {
    for (const command of ['attach', 'detach'])
      assert.match(openslot(command, 'qmp:/run/none', ABSENT).stderr, /^error FUNCTION_NOT_FOUND/);
  });

  test('an option that would do nothing is refused, wherever the guest is', () => {
    for (const [guest, options, complaint] of [
      ['web', ['--bus', 'port1'], '--bus means nothing to guests of Xen'],
      ['qmp:/run/none', ['--policy', 'nic.yaml'], '--policy means nothing to virtual machines'],
      ['qmp:/run/none', ['--force'], '--force means nothing to virtual machines'],
      ['qmp:/run/none', ['--even-if-critical', '36:00.0'], '--even-if-critical means nothing to virtual'],
      ['xl:web.cfg', ['--policy', 'nic.yaml'], '--policy means nothing to files'],
      ['xl:web.cfg', ['--bus', 'port1'], '--bus means nothing to files'],
      ['libvirt:web.xml', ['--force'], '--force means nothing to files'],
    ] as const) {
      const { status, stderr } = openslot('attach', guest, '36:00.0', ...options);
      assert.equal(status, 2);
      assert.ok(stderr.startsWith(`error: ${complaint}`), stderr);
    }
    assert.match(
      openslot('detach', 'xl:web.cfg', '36:00.0', '--force').stderr,
      /--force means nothing to files/,
    );
  });
});

test('a policy is refused where no owner of openslot is between the guest and the function', () => {
  for (const place of ['qmp:/run/none', 'xl:web.cfg', 'libvirt:web.xml']) {
    const { status, stderr } = openslot('attach', place, '36:00.0', '--policy', 'nic.yaml');
    assert.equal(status, 2, stderr);
    assert.match(stderr, /^error: --policy is kept by openslot serve, for guests of Xen/);
  }
});

describe('qemu-arguments', () => {
  test('prints what QEMU takes, and what is in the way', () => {
    const machine = join(folder, 'machine.yaml');
    writeFileSync(
      machine,
      `
roots:
  - bus: 0
    slots:
      - slot: "01"
        bridge: {aliases: true}
        bus:
          - {slot: "01", model: edu, driver: vfio-pci}
          - {slot: "02", model: testdev, driver: testdev}
`,
    );
    const { status, stdout, stderr } = openslot('qemu-arguments', '01:01.0', '--on', `sim:${machine}`);
    assert.equal(status, 0, stderr);
    assert.equal(
      stdout,
      '-device pcie-root-port,id=openslot-port1,chassis=1 -device vfio-pci,host=0000:01:01.0,id=openslot-0000-01-01.0,bus=openslot-port1\n',
    );
    assert.equal(
      stderr,
      'note  testdev has 0000:01:02.0 of the same IOMMU group: openslot claim --for vfio 0000:01:02.0\n',
    );
    const pc = openslot('qemu-arguments', '01:02.0', '--machine', 'pc', '--json', '--on', `sim:${machine}`);
    assert.deepEqual(JSON.parse(pc.stdout), [
      '-device',
      'vfio-pci,host=0000:01:02.0,id=openslot-0000-01-02.0',
    ]);
    assert.match(pc.stderr, /^note {2}vfio-pci does not keep 0000:01:02\.0 yet: openslot claim --for vfio/);
    assert.match(openslot('qemu-arguments', ABSENT, '--on', `sim:${machine}`).stderr, /FUNCTION_NOT_FOUND/);
  });
});
