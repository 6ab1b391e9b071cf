/** Functions in the files of guests: what is planned, what is refused, and the change itself on real files. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { replaceFile } from '../../../src/admin/files/index.js';
import {
  libvirtFile,
  planGuestFile,
  xlFile,
  type GuestFileFormat,
} from '../../../src/admin/guest-files/index.js';
import { DRIVERCTL_RULES, LIBVIRT_RULES, MODPROBE_RULES, XL_RULES } from '../../../src/boot/index.js';
import { ChangeFolder, Changes } from '../../../src/change/index.js';
import { notations, OpenslotError } from '../../../src/pci/index.js';

const XL = 'name = "web"\npci = [ "0b:00.0" ] # nic\n';
const DOMAIN = `<domain>
  <devices>
    <hostdev mode='subsystem' type='pci' managed='yes'>
      <source><address bus='0x0b'/></source>
    </hostdev>
    <interface type='hostdev'><source><address bus='0x0c'/></source></interface>
  </devices>
</domain>
`;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'openslot-guest-files-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function written(text: string, name = 'web.cfg'): string {
  const file = join(folder, name);
  writeFileSync(file, text, 'latin1');
  return file;
}

function plan(format: GuestFileFormat, way: 'attach' | 'detach', file: string, ...specs: readonly string[]) {
  return planGuestFile({ way, format, file, specs: specs.map((spec) => notations.xlSpec.parse(spec)) });
}

/** The code with which it is refused. */
function refusal(
  format: GuestFileFormat,
  way: 'attach' | 'detach',
  text: string,
  ...specs: readonly string[]
) {
  try {
    plan(format, way, written(text), ...specs);
  } catch (error) {
    assert.ok(error instanceof OpenslotError, String(error));
    return error.code;
  }
  return undefined;
}

describe('the plan of an edit', () => {
  test('adds all that was named, and tells what makes it count', () => {
    const file = written(XL);
    const { after, change, afterwards } = plan(xlFile, 'attach', file, '0a:00.0@5', '0c:00.*,seize=1');
    assert.equal(
      after,
      'name = "web"\npci = [ "0b:00.0", "0000:0a:00.0@05", "0000:0c:00.*,seize=1" ] # nic\n',
    );
    assert.equal(change.steps.length, 1);
    assert.match(afterwards.join(), /xl create/);
    assert.equal(readFileSync(file, 'utf8'), XL);
  });

  test('of libvirt seizes by managed', () => {
    const { after } = plan(libvirtFile, 'attach', written(DOMAIN), '0a:00.0', '0a:00.1,seize=1');
    assert.deepEqual(after.match(/managed='\w+'/g), ["managed='yes'", "managed='no'", "managed='yes'"]);
    assert.equal(plan(libvirtFile, 'detach', written(after), '0a:00.*').after, DOMAIN);
  });

  test('changes nothing where the file says it already', () => {
    assert.deepEqual(plan(xlFile, 'attach', written(XL), '0b:00.0').change.steps, []);
    assert.deepEqual(plan(libvirtFile, 'attach', written(DOMAIN), '0b:00.0').change.steps, []);
  });

  test('is refused where the file, or its reader, does not say what is asked', () => {
    assert.equal(refusal(xlFile, 'attach', XL, '0b:00.0@5'), 'GUEST_FILE_HAS_FUNCTION');
    assert.equal(refusal(xlFile, 'attach', XL, '0b:00.*'), 'GUEST_FILE_HAS_FUNCTION');
    assert.equal(refusal(xlFile, 'attach', XL, '0a:00.0@5', '0c:00.0@5'), 'GUEST_FILE_UNSOUND');
    assert.equal(refusal(xlFile, 'attach', XL, '0a:00.0,permissive=1'), 'GUEST_FILE_SPEC');
    assert.equal(refusal(xlFile, 'attach', 'pci = [', '0a:00.0'), 'XL_CONFIG_MALFORMED');
    assert.equal(refusal(xlFile, 'detach', XL, '0a:00.0'), 'GUEST_FILE_LACKS_FUNCTION');
    assert.equal(refusal(xlFile, 'detach', "pci = [ '0a:00.*' ]\n", '0a:00.1'), 'GUEST_FILE_HAS_FUNCTION');
    assert.equal(refusal(libvirtFile, 'attach', DOMAIN, '0a:00.0@5'), 'GUEST_FILE_SPEC');
    assert.equal(refusal(libvirtFile, 'attach', DOMAIN, '0a:00.*'), 'GUEST_FILE_SPEC');
    assert.equal(refusal(libvirtFile, 'attach', '<domain>', '0a:00.0'), 'XML_MALFORMED');
    assert.equal(refusal(libvirtFile, 'detach', DOMAIN, '0c:00.0'), 'GUEST_FILE_HAS_FUNCTION');
    assert.throws(() => plan(xlFile, 'attach', join(folder, 'none.cfg'), '0a:00.0'), /there is no/);
  });

  test('takes errors that were there for the business of the file', () => {
    const { after } = plan(xlFile, 'attach', written("pcis = []\npci = [ 'x' ]\n"), '0a:00.0');
    assert.equal(after, "pcis = []\npci = [ 'x', '0000:0a:00.0' ]\n");
  });
});

describe('the edit', () => {
  test('replaces what a link stands for, with its mode, and keeps each former version', async () => {
    const file = written(XL);
    chmodSync(file, 0o640);
    const link = join(folder, 'link.cfg');
    symlinkSync('web.cfg', link);
    const changes = new Changes(new ChangeFolder(join(folder, 'changes')), [replaceFile]);
    await changes.apply(plan(xlFile, 'attach', link, '0a:00.0').change);
    const between = readFileSync(file, 'utf8');
    await changes.apply(plan(xlFile, 'detach', link, '0a:00.0').change);
    assert.equal(readFileSync(file, 'utf8'), XL);
    assert.equal(statSync(file).mode & 0o777, 0o640);
    assert.equal(readFileSync(`${file}.openslot-1`, 'utf8'), XL);
    assert.equal(readFileSync(`${file}.openslot-2`, 'utf8'), between);
    assert.deepEqual(readdirSync(folder).sort(), [
      'changes',
      'link.cfg',
      'web.cfg',
      'web.cfg.openslot-1',
      'web.cfg.openslot-2',
    ]);
  });

  test('is not made over a file that was changed since it was planned', async () => {
    const file = written(XL);
    const { change } = plan(xlFile, 'attach', file, '0a:00.0');
    writeFileSync(file, `${XL}memory = 1\n`);
    const changes = new Changes(new ChangeFolder(join(folder, 'changes')), [replaceFile]);
    await assert.rejects(changes.apply(change), OpenslotError);
    assert.equal(readFileSync(file, 'utf8'), `${XL}memory = 1\n`);
  });
});

test('every rule of these files is documented', () => {
  const page = readFileSync(new URL('../../../../docs/guest-files.md', import.meta.url), 'utf8');
  for (const rules of [DRIVERCTL_RULES, LIBVIRT_RULES, MODPROBE_RULES, XL_RULES])
    for (const code of Object.keys(rules)) assert.ok(page.includes(`| \`${code}\` `), code);
});
