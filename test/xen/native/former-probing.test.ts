/** The kernel's probing is put back as it was before the first process stopped it, however many were killed since. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FormerProbing } from '../../../src/xen/native/kernel-backends.js';

const folder = mkdtempSync(join(tmpdir(), 'openslot-probing-'));
const record = join(folder, 'below', 'linux.probing');
const attribute = join(folder, 'drivers_autoprobe');
after(() => {
  rmSync(folder, { recursive: true });
});

for (const before of ['1', '0'])
  test(`it was ${before === '1' ? 'on' : 'off'}`, async () => {
    writeFileSync(attribute, `${before}\n`);
    for (let killed = 0; killed < 3; killed++) {
      await new FormerProbing(record, attribute).stop();
      assert.equal(readFileSync(attribute, 'latin1'), '0');
    }
    await new FormerProbing(record, attribute).putBack();
    assert.equal(readFileSync(attribute, 'latin1'), before);
    assert.equal(existsSync(record), false);
  });
