/** The documents hold what the code has: every error code and every package. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(REPOSITORY, path), 'utf8');

test('every error code is documented', () => {
  const documented = read('docs/errors.md');
  const codes = new Set<string>();
  for (const file of readdirSync(join(REPOSITORY, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (
      !file.endsWith('errors.ts') &&
      !/readonly code\b/.test(file.endsWith('.ts') ? read(`src/${file}`) : '')
    )
      continue;
    for (const [, code = ''] of read(`src/${file}`).matchAll(/'([A-Z]+(?:_[A-Z]+)+)'/g)) codes.add(code);
  }
  // Findings of the decoder are data about a device, not refusals.
  const missing = [...codes].filter(
    (code) =>
      // Names of the environment look like codes.
      !/^(CAPABILITY|BAR_UPPER|BAR_TYPE|HEADER_|TABLE_|FUNCTION_ABSENT|OPENSLOT_)/.test(code) &&
      !documented.includes(code),
  );
  assert.ok(codes.size > 30, `${codes.size} codes found`);
  assert.deepEqual(missing, []);
});

test('every runtime package is named with its reason', () => {
  const { dependencies } = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
  for (const name of Object.keys(dependencies))
    assert.match(read('docs/dependencies.md'), new RegExp(`^\\| ${name} \\|`, 'm'));
});
