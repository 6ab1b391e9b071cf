/** What libxl's file says of a guest that shall be given functions: files as Xen 4.17 writes them, and what is none. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { domainId } from '../../../src/xen/domain.js';
import { DOMAIN_INFO_BYTES, domainInfo, guestType } from '../../../src/xen/native/domain-info.js';
import { configuredType, lackingOptions } from '../../../src/xen/native/guest-configuration.js';

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

test('the type of a guest: the hypervisor tells PV from the others, and the file PVH from HVM', () => {
  /** The flags of a domain as Xen 4.17 gives them: 1 << 1 for a hardware container, 1 << 3 for a paused one. */
  const info = (flags: number) => {
    const bytes = new Uint8Array(DOMAIN_INFO_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, 7, true);
    view.setUint32(4, flags, true);
    return domainInfo(bytes);
  };
  assert.deepEqual(info(0x20), { domain: 7, paused: false, container: false });
  assert.deepEqual(info(0x2a), { domain: 7, paused: true, container: true });
  const typeOf = (flags: number, text: string) => {
    writeFileSync(join(folder, `userdata-d.1.${UUID}.libxl-json`), text);
    return guestType(info(flags), configuredType(domainId(1), UUID, folder));
  };
  assert.equal(typeOf(0x20, file({}, {})), 'pv');
  assert.equal(typeOf(0x22, file({ type: 'pvh' }, {})), 'pvh');
  assert.equal(typeOf(0x22, file({ type: 'hvm' }, {})), 'hvm');
  for (const text of ['', 'null', '{"c_info": 4}', '{"c_info": {"type": 3}}'])
    assert.deepEqual([typeOf(0x20, text), typeOf(0x22, text)], ['pv', 'hvm'], text);
});
