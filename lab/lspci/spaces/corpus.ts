/** The dumps that pciutils tests itself with, as sources. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SpaceSource } from './source.js';

/** They hold the text of older versions of lspci as well, which a reader of dumps passes over. */
export function corpusSpaces(folder: string): readonly SpaceSource[] {
  return readdirSync(folder)
    .filter((name) => /^(cap|tree|bridge|broken|PCI|pri)/.test(name))
    .map((name) => ({
      kind: 'corpus',
      name,
      dump: readFileSync(join(folder, name), 'latin1'),
      decodingOnly: false,
    }));
}
