/** Our own text of a dump, made in this process from the same names that every lspci is given. */
import { readFileSync } from 'node:fs';
import { lspciText } from '../../src/look/lspci/index.js';
import { parseDump } from '../../src/machines/capture/index.js';
import { IndexedNames, parseIdsText, writeIndex, type PciNames } from '../../src/pci/index.js';
import type { Capture } from '../../src/function/index.js';
import { IDS } from './judge.js';
import { optionsOf } from './modes.js';

let known: PciNames | undefined;

/** Of the project's own pci.ids. */
export function names(): PciNames {
  return (known ??= new IndexedNames(writeIndex(parseIdsText(readFileSync(IDS, 'utf8')))));
}

export function ourText(dump: string | Capture, args: readonly string[]): string {
  return lspciText(typeof dump === 'string' ? parseDump(dump) : dump, names(), optionsOf(args));
}
