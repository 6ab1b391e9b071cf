/** Captures as files: what was taken is what is read; the published shape; whatever else a file holds is refused. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { captureMachine, type Capture } from '../../../src/function/index.js';
import {
  formatCapture,
  formatDump,
  parseCapture,
  readCapture,
  writeWhole,
} from '../../../src/machines/capture/index.js';
import { SimMachine } from '../../../src/machines/sim/index.js';
import { checkProperty } from '../../kept-seeds.js';

const SCHEMA = fileURLToPath(new URL('../../../../docs/schemas/capture.json', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'openslot-capture-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

function simulated(): Capture {
  using sim = new SimMachine(undefined, { clock: 'manual' });
  const capture = captureMachine(sim, { pool: () => ({ state: 'taken', guest: 'guest 3' }) });
  const [first, ...others] = capture.functions;
  assert.ok(first !== undefined);
  // What the simulated board does not have.
  const more = {
    numaNode: 1,
    label: 'Onboard',
    physicalSlot: '3',
    vpd: Uint8Array.of(0x78, 0xff),
    unreadable: [{ what: 'drivers', why: '' }],
  };
  return { ...capture, functions: [{ ...first, ...more }, ...others] };
}

describe('the file of a capture', () => {
  test('reads back as what it was', () => {
    const capture = simulated();
    assert.deepEqual(parseCapture(formatCapture(capture), 'file'), capture);
    const dump = { ...capture, taken: undefined, functions: [] };
    assert.deepEqual(parseCapture(formatCapture(dump), 'file'), dump);
  });

  test('has the shape that is published, as another validator reads it', () => {
    const schema = JSON.parse(readFileSync(SCHEMA, 'utf8')) as object;
    // Formats are for those who know them; the pattern beside says the same.
    const validate = new Ajv2020({ strict: true, validateFormats: false }).compile(schema);
    const text = formatCapture(simulated(), ['0000:01:00.0: device serial number']);
    assert.ok(validate(JSON.parse(text)), JSON.stringify(validate.errors));
    for (const broken of [
      text.replace('"version": 1', '"version": 2'),
      text.replace('"config": "', '"config": "f'),
      text.replace('"taken": "2', '"taken": "x'),
    ]) {
      assert.notEqual(broken, text);
      assert.ok(!validate(JSON.parse(broken)));
    }
  });

  test('says what was taken out of it', () => {
    const text = formatCapture(simulated(), ['0000:01:00.0: device serial number']);
    assert.deepEqual((JSON.parse(text) as { redacted: unknown }).redacted, [
      '0000:01:00.0: device serial number',
    ]);
    assert.equal(parseCapture(text, 'file').functions.length, simulated().functions.length);
  });

  const whole = formatCapture(simulated());
  for (const [what, change, code, message] of [
    ['a file that is cut off', (text) => text.slice(0, 500), 'CAPTURE_MALFORMED', /^f: it is no JSON: /],
    ['other JSON', () => '{"functions": []}', 'CAPTURE_MALFORMED', /^f, format: /],
    [
      'a later version',
      (text) => text.replace('"version": 1', '"version": 2'),
      'CAPTURE_VERSION',
      /version 2 .* reads 1/,
    ],
    [
      'half a byte',
      (text) => text.replace('"config": "', '"config": "f'),
      'CAPTURE_MALFORMED',
      /^f, functions\.0\.config: /,
    ],
    [
      'an address of no bus',
      (text) => text.replace('0000:00:01.0', '0000:00:20.0'),
      'CAPTURE_MALFORMED',
      /functions\.0\.address/,
    ],
    [
      'a word that is none of it',
      (text) => text.replace('"config"', '"konfig"'),
      'CAPTURE_MALFORMED',
      /functions\.0/,
    ],
    [
      'a region of half a byte',
      (text) => text.replace(/"size": \d+/, '"size": 4096.5'),
      'CAPTURE_MALFORMED',
      /regions\.0\.size/,
    ],
    [
      'a second function at an address',
      (text) => text.replace('0000:00:02.0', '0000:00:01.0'),
      'CAPTURE_MALFORMED',
      /^f, functions\.1\.address: 0000:00:01\.0 has functions\.0$/,
    ],
    [
      'a word that commands a terminal',
      (text) => text.replace('"config"', '"\\u001b]0;x\\u0007": 1, "config"'),
      'CAPTURE_MALFORMED',
      /Unrecognized key: "\\x1b\]0;x\\x07"$/,
    ],
    [
      'a region of no bytes',
      (text) => text.replace(/"size": \d+/, '"size": 0'),
      'CAPTURE_MALFORMED',
      /regions\.0\.size/,
    ],
  ] as const satisfies readonly (readonly [string, (text: string) => string, string, RegExp])[])
    test(`${what} is refused`, () => {
      const changed = change(whole);
      assert.notEqual(changed, whole);
      assert.throws(() => parseCapture(changed, 'f'), { code, message });
    });

  test('no word of it commands a terminal or begins another line', () => {
    const evil = '\u001b[2J\nroot# \u009b1m';
    const seen = '\\x1b[2J\\x0aroot# \\x9b1m';
    const capture = simulated();
    const [first, ...others] = capture.functions;
    assert.ok(first !== undefined);
    const words = (text: string) => ({
      ...{ driver: text, modules: [text], label: text, physicalSlot: text },
      pool: { state: text, guest: text },
      unreadable: [{ what: text, why: text }],
    });
    const whole = { ...capture, machine: evil, functions: [{ ...first, ...words(evil) }, ...others] };
    const read = parseCapture(formatCapture(whole), 'f');
    assert.deepEqual(read, { ...whole, machine: seen, functions: [{ ...first, ...words(seen) }, ...others] });
  });

  test('whatever stands in it is read or refused', async () => {
    await checkProperty(
      'captures: a file with any change is read or refused',
      fc.property(fc.nat(whole.length), fc.nat(40), fc.string({ maxLength: 5 }), (at, length, instead) => {
        try {
          parseCapture(whole.slice(0, at) + instead + whole.slice(at + length), 'f');
        } catch (error) {
          assert.match((error as { code?: string }).code ?? String(error), /^CAPTURE_(MALFORMED|VERSION)$/);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('reading what was saved', () => {
  test('a dump and a capture are told by what they hold', async () => {
    const capture = simulated();
    const [ours, dump] = [join(folder, 'a.txt'), join(folder, 'b.json')];
    writeFileSync(ours, ` \n${formatCapture(capture)}`);
    writeFileSync(dump, `{ a note of somebody's\n${formatDump(capture)}`.replace('{', '('));
    assert.deepEqual(await readCapture(ours), capture);
    assert.deepEqual(
      (await readCapture(dump)).functions.map(({ address, config }) => [address, config]),
      capture.functions.map(({ address, config }) => [address, config]),
    );
    assert.equal((await readCapture(dump)).machine, dump);
  });

  test('more than any machine has is refused before it is in memory', async () => {
    const large = join(folder, 'large');
    writeFileSync(large, '{"format": "');
    truncateSync(large, 1 << 30);
    await assert.rejects(readCapture(large), { code: 'CAPTURE_MALFORMED', message: /more than 256 MiB/ });
    const deep = join(folder, 'deep');
    writeFileSync(deep, `{"a \\" [[": ${'['.repeat(1e6)}`);
    await assert.rejects(readCapture(deep), { code: 'CAPTURE_MALFORMED', message: /more than 32 lists/ });
    const words = join(folder, 'words');
    writeFileSync(words, `{"a": "${'['.repeat(100)}\\\\"}`);
    await assert.rejects(readCapture(words), { code: 'CAPTURE_MALFORMED', message: /format: / });
  });

  test('a file of neither, or none, is refused', async () => {
    const other = join(folder, 'other');
    writeFileSync(other, 'words\n');
    await assert.rejects(readCapture(other), { code: 'CAPTURE_MALFORMED', message: /no function is in it/ });
    await assert.rejects(readCapture(join(folder, 'absent')), { code: 'CAPTURE_FILE', message: /ENOENT/ });
    await assert.rejects(readCapture(folder), { code: 'CAPTURE_FILE', message: /EISDIR/ });
  });
});

describe('writing', () => {
  test('replaces a file whole, also behind a link, for its owner alone', () => {
    const place = join(folder, 'written');
    mkdirSync(place);
    const [file, link] = [join(place, 'file'), join(place, 'link')];
    writeFileSync(file, 'former', { mode: 0o644 });
    symlinkSync(file, link);
    writeWhole(link, 'new');
    assert.equal(readFileSync(file, 'utf8'), 'new');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(place).sort(), ['file', 'link']);
  });

  test("does not follow somebody else's link in a folder that all may write to", (t) => {
    if (process.getuid?.() !== 0) {
      t.skip('only root makes links of somebody else');
      return;
    }
    const shared = join(folder, 'shared');
    mkdirSync(shared);
    chmodSync(shared, 0o1777);
    const [file, link] = [join(folder, 'precious'), join(shared, 'link')];
    writeFileSync(file, 'former');
    symlinkSync(file, link);
    lchownSync(link, 65534, 65534);
    assert.throws(
      () => {
        writeWhole(link, 'new');
      },
      { code: 'CAPTURE_FILE', message: /a link of somebody else/ },
    );
    assert.equal(readFileSync(file, 'utf8'), 'former');
    lchownSync(link, 0, 0);
    writeWhole(link, 'new');
    assert.equal(readFileSync(file, 'utf8'), 'new');
  });

  test('what is no file is written to, and stays what it is', () => {
    writeWhole('/dev/null', 'text');
    assert.ok(statSync('/dev/null').isCharacterDevice());
  });

  test('fails with the former file and nothing else there', () => {
    const file = join(folder, 'absent', 'file');
    assert.throws(
      () => {
        writeWhole(file, 'text');
      },
      { code: 'CAPTURE_FILE', message: /cannot be written: ENOENT/ },
    );
    assert.ok(!existsSync(join(folder, 'absent')));
  });
});
