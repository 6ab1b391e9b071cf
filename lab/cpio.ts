/** Writes a cpio archive in the "newc" format, which the kernel takes as an initramfs. */

type Content = { readonly file: Uint8Array | string; readonly mode?: number } | { readonly link: string };

const typeFile = 0o100000;
const typeFolder = 0o040000;
const typeLink = 0o120000;

export class CpioArchive {
  readonly #parts: Buffer[] = [];
  readonly #folders = new Set<string>();
  #inode = 1;

  folder(path: string): void {
    const steps = path.split('/');
    for (let depth = 1; depth <= steps.length; depth++) {
      const one = steps.slice(0, depth).join('/');
      if (this.#folders.has(one)) continue;
      this.#folders.add(one);
      this.#entry(one, typeFolder | 0o755, Buffer.alloc(0));
    }
  }

  /** Adds a file or a symbolic link, and the folders above it. */
  add(path: string, content: Content): void {
    const above = path.split('/').slice(0, -1).join('/');
    if (above !== '') this.folder(above);
    if ('link' in content) this.#entry(path, typeLink | 0o777, Buffer.from(content.link));
    else this.#entry(path, typeFile | (content.mode ?? 0o644), Buffer.from(content.file));
  }

  finish(): Buffer {
    this.#entry('TRAILER!!!', 0, Buffer.alloc(0));
    return Buffer.concat(this.#parts);
  }

  #entry(path: string, mode: number, data: Buffer): void {
    const name = Buffer.from(`${path}\0`);
    // magic, inode, mode, uid, gid, links, mtime, size, device ×2, special device ×2, name's length, checksum
    const numbers = [this.#inode++, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0];
    const header = Buffer.from('070701' + numbers.map((one) => one.toString(16).padStart(8, '0')).join(''));
    this.#parts.push(padded(Buffer.concat([header, name])), padded(data));
  }
}

function padded(bytes: Buffer): Buffer {
  const missing = -bytes.length & 3;
  return missing === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(missing)]);
}
