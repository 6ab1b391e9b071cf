/** Programs in the documents run as they stand there, and print what they say. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';
import { timerRegisters } from '../src/machines/sim/index.js';
import { parseRegisterMap } from '../src/proto/program/index.js';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

function programs(page: string, language: string): readonly string[] {
  const text = readFileSync(join(REPOSITORY, 'docs', page), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([^\`]*)^\`\`\`$`, 'gm'))].map(
    ([, code = '']) => code,
  );
}

/** What the program prints, run beside other files. Within the package, whose name it imports from. */
function printed(program: string, beside: Readonly<Record<string, string>> = {}): readonly string[] {
  const folder = mkdtempSync(join(REPOSITORY, 'dist/test/docs-code-'));
  try {
    const { outputText } = transpileModule(program, {
      compilerOptions: { target: ScriptTarget.ES2022, module: ModuleKind.ESNext },
    });
    for (const [name, text] of Object.entries({ ...beside, 'program.mjs': outputText }))
      writeFileSync(join(folder, name), text);
    const { status, stdout, stderr } = spawnSync(process.execPath, ['program.mjs'], {
      cwd: folder,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    return stdout.trimEnd().split('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('a program of the documents', () => {
  test('opens a simulated machine', () => {
    const [opens = '', fails = '', ...others] = programs('simulator.md', 'ts');
    assert.deepEqual(others, []);
    assert.deepEqual(printed(opens), ['3628800']);
    assert.deepEqual(printed(fails), ['0000:00:01.0 fatal malformed']);
  });

  test('is a host, and its guest is the other one', () => {
    const [driver = '', ...otherDrivers] = programs('guests.md', 'js');
    const [host = '', ...otherHosts] = programs('guests.md', 'ts');
    assert.deepEqual([...otherDrivers, ...otherHosts], []);
    const lines = printed(host, { 'my-driver.mjs': driver });
    assert.ok(lines.includes('my-driver | 0000:00:00.0 10000ed'), lines.join('\n'));
    assert.equal(lines.at(-1), 'exit');
  });

  test('recovers a function that fails, and prints what the page says', () => {
    const [driver = ''] = programs('error-recovery.md', 'js');
    const [host = ''] = programs('error-recovery.md', 'ts');
    const [shown = ''] = programs('error-recovery.md', 'text');
    const lines = printed(host, { 'nvme-driver.mjs': driver });
    const expected = shown.trimEnd().split('\n');
    assert.ok(expected.length >= 7);
    // The guest's lines and the back end's come by different ways: each in its own order.
    for (const own of [/^nvme-driver/, /^(0000|guest 1: 0000:00:01\.0:)/])
      assert.deepEqual(
        lines.filter((line) => expected.includes(line) && own.test(line)),
        expected.filter((line) => own.test(line)),
        lines.join('\n'),
      );
  });

  test('names the registers of a device, and the map of the page is the same as JSON', () => {
    const [program = '', ...others] = programs('registers.md', 'ts');
    assert.deepEqual(others, []);
    const [shown = ''] = programs('registers.md', 'text');
    assert.deepEqual(printed(program), shown.trimEnd().split('\n'));
    const [json = ''] = programs('registers.md', 'json');
    const map = parseRegisterMap(json, 'registers.md');
    assert.deepEqual(
      map.registers.map(({ name, offset, width }) => [name, offset, width]),
      timerRegisters.registers.map(({ name, offset, width }) => [name, offset, width]),
    );
    for (const [index, { fields }] of map.registers.entries())
      assert.deepEqual(
        fields.map(({ name, low, high, access }) => [name, low, high, access]),
        timerRegisters.registers[index]?.fields.map(({ name, low, high, access }) => [
          name,
          low,
          high,
          access,
        ]),
      );
  });
});
