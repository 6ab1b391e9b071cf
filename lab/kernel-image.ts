/** Takes the plain ELF out of a bzImage, so that no emulated CPU has to decompress it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { LabFailure } from './failure.js';
import { step } from './progress.js';
import type { LabRoot } from './root.js';
import { writeWhole } from './whole-file.js';

/** Offsets in the setup header (Linux, Documentation/arch/x86/boot.rst). */
const setupSectors = 0x1f1;
const payloadOffset = 0x248;
const payloadLength = 0x24c;

/** The kernel's build appends the uncompressed size, 4 bytes, to formats that do not carry it. */
const appendedSize = 4;

/** The tree's kernel as a plain ELF file in `folder`, made once. @returns its path. */
export async function plainKernel(root: LabRoot, folder: string): Promise<string> {
  const path = join(folder, 'vmlinux.elf');
  if (!existsSync(path))
    await step('kernel out of its bzImage', async () => {
      writeWhole(path, await kernelElf(root, readFileSync(root.path(`boot/vmlinuz-${root.kernelRelease}`))));
    });
  return path;
}

async function kernelElf(root: LabRoot, bzImage: Buffer): Promise<Buffer> {
  const start = (bzImage.readUInt8(setupSectors) + 1) * 512 + bzImage.readUInt32LE(payloadOffset);
  const payload = bzImage.subarray(start, start + bzImage.readUInt32LE(payloadLength));
  const elf = await decompress(root, payload);
  if (elf.subarray(0, 4).toString('latin1') !== '\x7fELF')
    throw new LabFailure('The kernel’s payload is no ELF file.');
  return elf;
}

function decompress(root: LabRoot, payload: Buffer): Buffer | Promise<Buffer> {
  const body = payload.subarray(0, payload.length - appendedSize);
  const magic = payload.subarray(0, 4).toString('hex');
  switch (magic) {
    case 'fd377a58':
      return root.filter('usr/bin/xz', ['-dc', '--single-stream'], payload);
    case '28b52ffd':
      return root.filter('usr/bin/zstd', ['-dc'], body);
    case '1f8b0800':
      return gunzipSync(payload);
    default:
      throw new LabFailure(
        `The kernel is compressed in a way that the lab does not know (it begins with ${magic}).`,
      );
  }
}
