/** The examples do what they say, and know only what the package gives to everybody. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';

const repository = new URL('../../', import.meta.url);
const { exports } = JSON.parse(readFileSync(new URL('package.json', repository), 'utf8')) as {
  exports: Record<string, string>;
};
const examples = readdirSync(new URL('examples', repository)).filter((name) => name.endsWith('.ts'));

/** What each prints, line by line. */
const printed: Readonly<Record<string, readonly RegExp[]>> = {
  'edu.ts': [
    /^edu 1\.0 at 0000:00:01\.0 is alive$/,
    /^10! = 3628800, computed by the device, told by an interrupt$/,
    /^DMA both ways: "through the device and back"$/,
  ],
  'nvme-driver.ts': [
    /^0000:01:00\.0: Simulated NVMe controller, serial EXAMPLE-1$/,
    /^namespace 1: 8192 blocks of 512 bytes$/,
    /^100 admin commands, each told by an interrupt$/,
    /^320 blocks written, read back and equal$/,
  ],
  'pcnet-dhcp.ts': [
    /^0000:00:01\.0: PCnet, 52:54:00:12:34:56$/,
    /^DHCP discover sent$/,
    /^offered 10\.0\.2\.15 by 10\.0\.2\.2, router 10\.0\.2\.2, for 86400 s$/,
  ],
};

describe('examples', () => {
  test('each is known here', () => {
    assert.deepEqual(examples.sort(), Object.keys(printed).sort());
  });

  for (const name of examples) {
    test(`${name} imports public rooms alone`, () => {
      const text = readFileSync(new URL(`examples/${name}`, repository), 'utf8');
      assert.ok(text.startsWith('/**'));
      for (const [, target = ''] of text.matchAll(/from '([^']+)'/g)) {
        const isPart = target.startsWith('./parts/');
        const isPublic = target.startsWith('openslot/') && `./${target.slice('openslot/'.length)}` in exports;
        assert.ok(isPublic || isPart || target.startsWith('node:'), `${name} imports ${target}`);
      }
    });

    test(`${name} runs without arguments`, () => {
      const program = fileURLToPath(new URL(`dist/examples/${name.replace(/ts$/, 'js')}`, repository));
      const { status, stdout, stderr } = spawnSync(process.execPath, [program], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      const lines = stdout.trimEnd().split('\n');
      const expected = printed[name] ?? [];
      assert.equal(lines.length, expected.length, stdout);
      for (const [index, line] of lines.entries()) assert.match(line, expected[index] ?? /^$/);
    });
  }
});
