/** What `proto mount` prints: the tree of files, and how programs use them. */
import { join } from 'node:path';
import { notations } from '../pci/index.js';
import type { DeviceFolder, FunctionFolder } from '../proto/index.js';
import { sizeText } from './size-text.js';

const FILE_COLUMN = 12;
const SIZE_COLUMN = 10;

/** A function's folder and its files, a line each. */
export function functionLines(folder: FunctionFolder): readonly string[] {
  return folderLines(folder, `  (${notations.shortHex.format(folder.address)})`);
}

/** A folder and its files, a line each; `note` stands behind its name. */
export function folderLines({ name, files }: DeviceFolder, note = ''): readonly string[] {
  return [
    `  ${name}/${note}`,
    ...files.map(({ name: file, size, note = '' }) =>
      `    ${file.padEnd(FILE_COLUMN)}${(size === 0 ? '' : sizeText(size)).padEnd(SIZE_COLUMN)}${note}`.trimEnd(),
    ),
  ];
}

/** Commands that work as they stand, on the first function that has registers, or else on a platform device. */
export function useLines(
  directory: string,
  functions: readonly FunctionFolder[],
  devices: readonly DeviceFolder[],
): readonly string[] {
  const isMemory = ({ name }: { readonly name: string }) => name.endsWith('.mem');
  const shown = functions.find(({ files }) => files.some(isMemory)) ?? functions[0];
  const [device] = devices;
  const lines = [];
  if (shown !== undefined) {
    const config = join(directory, shown.name, 'pcicfg');
    const registers = join(directory, shown.name, shown.files.find(isMemory)?.name ?? 'pcicfg');
    lines.push(`dd if=${config} bs=4 count=1 status=none | xxd`, readLine(registers, 4));
  } else if (device?.files[0] !== undefined)
    lines.push(readLine(join(directory, device.name, device.files[0].name), 1));
  if (lines.length === 0) return ['No function is free: openslot list tells the drivers that have them.'];
  return ['In another terminal:', ...lines.map((line) => `  ${line}`), 'Ctrl-C ends it.'];
}

/** Reads the first register of a file, of so many bytes. */
function readLine(file: string, bytes: number): string {
  return `python3 -c 'import os; fd = os.open("${file}", os.O_RDWR); print(os.pread(fd, ${bytes}, 0)[::-1].hex())'`;
}
