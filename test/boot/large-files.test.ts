/** Boot files of a size that no honest one has: linted in time that grows with the file, without a stack that does. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { checkProperty } from '../kept-seeds.js';
import { bootFileKindNamed, lineAndColumn, placesIn } from '../../src/boot/index.js';

function codes(kind: string, text: string): ReadonlySet<string> {
  const found = bootFileKindNamed(kind);
  assert.ok(found !== undefined, kind);
  assert.equal(found.print(text), text);
  return new Set(found.lint(text).map(({ code }) => code));
}

const MANY = 60_000;

describe('large boot files', () => {
  test('xl.cfg: many additions to a list, many entries, many assignments', () => {
    assert.deepEqual(codes('xl.cfg', "cpus+=['1']\n".repeat(MANY)), new Set());
    assert.deepEqual(codes('xl.cfg', `pci=[${"'0a:00.0',".repeat(MANY)}]\n`), new Set(['FUNCTION_AGAIN']));
    assert.deepEqual(codes('xl.cfg', 'vcpus=1\n'.repeat(MANY)), new Set(['SETTING_AGAIN']));
  });

  test('xl.cfg: a string of millions of escapes, closed and not', () => {
    const escapes = String.raw`\n`.repeat(5_000_000);
    assert.deepEqual(codes('xl.cfg', `extra='${escapes}'\n`), new Set());
    assert.deepEqual(codes('xl.cfg', `extra='${escapes}\n`), new Set(['SYNTAX']));
  });

  test('grub: many assignments of one variable, and one that doubles itself', () => {
    assert.deepEqual(codes('grub', 'GRUB_TIMEOUT=1\n'.repeat(MANY)), new Set(['ASSIGNMENT_REPEATED']));
    const name = 'GRUB_CMDLINE_LINUX';
    assert.deepEqual(codes('grub', `${name}=quiet\n${`${name}="$${name}$${name}"\n`.repeat(60)}`), new Set());
  });

  test('libvirt: many attributes', () => {
    const attributes = Array.from({ length: MANY }, (_, index) => `a${index}=""`).join(' ');
    assert.deepEqual(codes('libvirt', `<domain ${attributes}/>`), new Set());
    assert.deepEqual(codes('libvirt', `<domain ${attributes} a7=""/>`), new Set(['SYNTAX']));
  });

  test('places of many findings are those of each', async () => {
    await checkProperty(
      'places: of many findings they are those of each',
      fc.property(fc.array(fc.constantFrom('a', '\n', '\r\n', '')), (parts) => {
        const text = parts.join('');
        const placeOf = placesIn(text);
        for (let offset = 0; offset <= text.length; offset++)
          assert.deepEqual(placeOf(offset), lineAndColumn(text, offset));
      }),
    );
  });
});
