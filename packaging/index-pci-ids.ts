/** Makes the package's index of pci.ids, unless the one that is there is newer than all that it is made from. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PACKAGE_INDEX } from '../src/ids/index-files.js';

const TEXT = fileURLToPath(new URL('../../data/pci.ids', import.meta.url));
/** What decides its bytes, besides the text. */
const PROGRAM = ['ids-text', 'index-format', 'write-index'].map((file) =>
  fileURLToPath(new URL(`../src/pci/names/${file}.js`, import.meta.url)),
);

function changed(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (changed(PACKAGE_INDEX) <= Math.max(...[TEXT, ...PROGRAM].map(changed))) {
  const { parseIdsText } = await import('../src/pci/names/ids-text.js');
  const { writeIndex } = await import('../src/pci/names/write-index.js');
  writeFileSync(PACKAGE_INDEX, writeIndex(parseIdsText(readFileSync(TEXT, 'utf8'))));
}
