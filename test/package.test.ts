/** The package as its users get it: every room that it exports can be imported by name. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const { exports } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  exports: Record<string, string>;
};

for (const room of Object.keys(exports)) {
  test(`openslot/${room.slice(2)}`, async () => {
    const module = (await import(`openslot/${room.slice(2)}`)) as object;
    assert.ok(Object.keys(module).length > 0);
  });
}
