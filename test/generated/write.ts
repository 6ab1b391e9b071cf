/** `npm run docs`: writes what is made from the code. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { generatedFiles } from './pages.js';

for (const { path, text } of generatedFiles) {
  const file = new URL(`../../../${path}`, import.meta.url);
  mkdirSync(dirname(file.pathname), { recursive: true });
  writeFileSync(file, text());
  process.stdout.write(`${path}\n`);
}
