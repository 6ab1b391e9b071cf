/** What is made from the code is as the code is. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { criticalNames, tables } from '../../src/pci/index.js';
import { generatedFiles } from './pages.js';

for (const { path, text } of generatedFiles) {
  test(`${path} is as the code makes it`, () => {
    const found = readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
    assert.ok(found === text(), `${path} is of other tables than these: npm run docs writes it`);
  });
}

test('what is said to be critical is in the tables', () => {
  const names = new Set(
    tables.flatMap((table) =>
      table.registers.flatMap((register) => {
        const name = `${table.name}.${register.name}`;
        return [name, ...register.fields.map((field) => `${name}.${field.name}`)];
      }),
    ),
  );
  assert.deepEqual(
    criticalNames.filter((name) => !names.has(name)),
    [],
  );
});
