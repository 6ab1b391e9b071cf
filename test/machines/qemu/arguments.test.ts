/** What stands behind `qemu:`: words as a shell splits them, and only what adds devices. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseArguments } from '../../../src/machines/qemu/arguments.js';
import { splitWords } from '../../../src/machines/qemu/words.js';
import { checkProperty } from '../../kept-seeds.js';

/** A shell's own opinion of a command line. */
function shellWords(text: string): string[] {
  const print = `printf '%s\\0' "$#" "$@"`;
  const { stdout, status } = spawnSync('sh', ['-c', `set -f; set -- ${text}; ${print}`], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, text);
  const [count, ...words] = stdout.split('\0').slice(0, -1);
  assert.equal(words.length, Number(count));
  return words;
}

const refused = (text: string, why: RegExp) => {
  assert.throws(() => splitWords(text), { code: 'QEMU_ARGUMENT_REFUSED', message: why }, text);
};

describe('words', () => {
  test('quoting', () => {
    assert.deepEqual(splitWords(''), []);
    assert.deepEqual(splitWords('  -device edu\t-device nvme,serial=x '), [
      '-device',
      'edu',
      '-device',
      'nvme,serial=x',
    ]);
    assert.deepEqual(splitWords(`a\\ b 'c d' "e \\"f\\" \\g" '' x'y'"z"`), [
      'a b',
      'c d',
      'e "f" \\g',
      '',
      'xyz',
    ]);
  });

  test('what does not end, and what a shell would act upon', () => {
    refused(`-drive 'file=a b`, /the quote ' at 8 does not end/);
    refused('"', /does not end/);
    refused('a\\', /backslash/);
    refused('-device edu; rm x', /^.*; at 12 is not for a shell here: quote it/);
    refused('-device $(x)', /\$ at 9/);
    refused('a\nb', /a line end at 2/);
    assert.deepEqual(splitWords(`'$(x)' \\; "a|b"`), ['$(x)', ';', 'a|b']);
  });

  test('a shell splits the same', async () => {
    const piece = fc.oneof(
      fc.stringMatching(/^[a-z0-9=,./:-]{1,6}$/),
      fc.stringMatching(/^[a-z "\\;|$]{0,5}$/).map((inside) => `'${inside}'`),
      fc.stringMatching(/^[a-z ';|]{0,5}$/).map((inside) => `"${inside}"`),
      fc.stringMatching(/^[ ;$"'a-z\\]$/).map((character) => `\\${character}`),
      fc.constantFrom(' ', '  ', '\t'),
    );
    await checkProperty(
      'qemu: words as a shell splits them',
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        assert.deepEqual(splitWords(text), shellWords(text));
      }),
      { numRuns: 150 },
    );
  });
});

describe('arguments', () => {
  const code = 'QEMU_ARGUMENT_REFUSED';

  test('devices and what they need are given on as they are', () => {
    const text = `-device edu,addr=4 --drive 'file=a b,if=none,id=n' -device nvme,drive=n -netdev user,id=u -global e.x=1`;
    assert.deepEqual(parseArguments(text), splitWords(text));
  });

  test('what the machine is made of cannot be given', () => {
    for (const option of [
      'machine',
      'M',
      'accel',
      'm',
      'bios',
      'kernel',
      'qtest',
      'S',
      'daemonize',
      'cpu',
      'smp',
    ])
      assert.throws(() => parseArguments(`-device edu -${option} x`), {
        code,
        message: new RegExp(`^-${option}: cannot`),
      });
    assert.throws(() => parseArguments('-constructor x'), { code, message: /adds no device/ });
    assert.throws(() => parseArguments('-monitor stdio'), { code });
  });

  test('what is no option, has no value, or takes an id of ours', () => {
    assert.throws(() => parseArguments('edu'), { code, message: /with its dash/ });
    assert.throws(() => parseArguments('-device'), { code, message: /has no value/ });
    assert.throws(() => parseArguments('-device edu extra'), { code, message: /^extra: / });
    assert.throws(() => parseArguments('-chardev null,id=qtest'), { code, message: /are taken/ });
    assert.throws(() => parseArguments('-object x,id=openslot-memory'), { code, message: /are taken/ });
  });
});
