/** Virtual machines where a guest is named, as a user types them: what the command line itself refuses, and this host. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
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
    assert.match(
      stderr,
      /QEMU_FORCE_IMPOSSIBLE: .*not let go[^]*: openslot detach qmp:\/run\/none 0000:36:00\.0$/m,
    );
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
