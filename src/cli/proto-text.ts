/** What `proto mount` prints: the tree of files, and how programs use them. */
import { join } from 'node:path';
import { notations } from '../pci/index.js';
import type { FunctionFolder } from '../proto/index.js';
import { sizeText } from './size-text.js';

const FILE_COLUMN = 12;
const SIZE_COLUMN = 10;

/** A folder and its files, a line each. */
export function folderLines({ name, address, files }: FunctionFolder): readonly string[] {
  return [
    `  ${name}/  (${notations.shortHex.format(address)})`,
    ...files.map(({ name: file, size, note = '' }) =>
      `    ${file.padEnd(FILE_COLUMN)}${(size === 0 ? '' : sizeText(size)).padEnd(SIZE_COLUMN)}${note}`.trimEnd(),
    ),
  ];
}

/** Commands that work as they stand, on the first function that has registers. */
export function useLines(directory: string, folders: readonly FunctionFolder[]): readonly string[] {
  const isMemory = ({ name }: { readonly name: string }) => name.endsWith('.mem');
  const shown = folders.find(({ files }) => files.some(isMemory)) ?? folders[0];
  if (shown === undefined) return ['No function is free: openslot list tells the drivers that have them.'];
  const config = join(directory, shown.name, 'pcicfg');
  const registers = join(directory, shown.name, shown.files.find(isMemory)?.name ?? 'pcicfg');
  return [
    'In another terminal:',
    `  dd if=${config} bs=4 count=1 status=none | xxd`,
    `  python3 -c 'import os; fd = os.open("${registers}", os.O_RDWR); print(os.pread(fd, 4, 0)[::-1].hex())'`,
    'Ctrl-C ends it.',
  ];
}
