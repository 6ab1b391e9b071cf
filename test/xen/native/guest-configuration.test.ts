/** What libxl's file says of a guest that shall be given functions: files as Xen 4.17 writes them, and what is none. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { domainId } from '../../../src/xen/domain.js';
import { lackingOptions } from '../../../src/xen/native/guest-configuration.js';

const UUID = '42e801db-cb11-4294-9995-152022afd620';
const folder = mkdtempSync(join(tmpdir(), 'openslot-libxl-'));
after(() => {
  rmSync(folder, { recursive: true });
});

function lacking(text: string): readonly string[] {
  writeFileSync(join(folder, `userdata-d.1.${UUID}.libxl-json`), text);
  return lackingOptions(domainId(1), UUID, folder);
}

/** libxl ends the file with the NUL of its string. */
const file = (info: object, pv: object, more: object = {}) =>
  `${JSON.stringify({ c_info: { type: 'pv', ...info }, b_info: { 'type.pv': pv }, ...more }, undefined, 4)}\n\0`;

test('what passthrough needs is found, or named as the option that it is', () => {
  const e820 = { e820_host: 'True' };
  assert.deepEqual(lacking(file({ passthrough: 'enabled' }, e820)), []);
  assert.deepEqual(lacking(file({ passthrough: 'sync_pt' }, e820)), []);
  assert.deepEqual(lacking(file({}, e820, { pcidevs: [{ dev: 8 }] })), []);
  assert.deepEqual(lacking(file({}, e820)), ['passthrough="enabled"']);
  assert.deepEqual(lacking(file({ passthrough: 'disabled' }, {})), ['passthrough="enabled"', 'e820_host=1']);
  assert.deepEqual(lacking(file({ passthrough: 'enabled' }, { e820_host: 'False' })), ['e820_host=1']);
});

test('what cannot be read says nothing: another tool stack made the guest', () => {
  assert.deepEqual(lackingOptions(domainId(2), UUID, folder), []);
  for (const text of ['', 'x', '{"c_info": ']) assert.deepEqual(lacking(text), []);
  for (const text of ['null', '[]', '{}', '{"b_info": 3}'])
    assert.deepEqual(lacking(text), ['passthrough="enabled"', 'e820_host=1']);
});
