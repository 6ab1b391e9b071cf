/** `openslot attach xl:FILE` and `libvirt:FILE` as a user types them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const MAIN = fileURLToPath(new URL('../../src/command/main.js', import.meta.url));
const XL = 'name = "web"\npci = [ "0b:00.0" ] # nic\n';

test('a function goes into the file of a guest, is shown before, and comes out of it again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'openslot-guest-file-'));
  try {
    const file = join(folder, 'web.cfg');
    writeFileSync(file, XL);
    const openslot = (...args: readonly string[]) =>
      spawnSync(process.execPath, [MAIN, ...args], {
        encoding: 'utf8',
        env: {
          ...process.env,
          NO_COLOR: '1',
          OPENSLOT_STATE_DIR: join(folder, 'state'),
          OPENSLOT_RUNTIME_DIR: join(folder, 'run'),
        },
      });
    const shown = openslot('attach', `xl:${file}`, '0a:00.0@5', '--dry-run');
    assert.equal(shown.status, 0, shown.stderr);
    assert.match(shown.stdout, /^\+pci = \[ "0b:00\.0", "0000:0a:00\.0@05" \] # nic$/m);
    assert.match(shown.stdout, /undo: give .* its contents back\nnothing was changed\n$/);
    assert.equal(readFileSync(file, 'utf8'), XL);
    assert.ok(!existsSync(`${file}.openslot-1`));

    const made = openslot('attach', `xl:${file}`, '0a:00.0@5');
    assert.equal(made.status, 0, made.stderr);
    assert.match(made.stdout, /^next {2}xl create /m);
    assert.equal(readFileSync(file, 'utf8'), XL.replace('" ]', '", "0000:0a:00.0@05" ]'));
    assert.equal(readFileSync(`${file}.openslot-1`, 'utf8'), XL);

    const refused = openslot('attach', `xl:${file}`, '0a:00.0');
    assert.notEqual(refused.status, 0);
    assert.match(refused.stderr, /^error GUEST_FILE_HAS_FUNCTION: [^]*\nnext {2}openslot detach xl:/);

    const back = openslot('detach', `xl:${file}`, '0a:00.0', '--json');
    assert.equal(back.status, 0, back.stderr);
    const { changed } = JSON.parse(back.stdout) as { changed: boolean };
    assert.deepEqual([changed, readFileSync(file, 'utf8')], [true, XL]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
