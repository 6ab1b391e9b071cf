/** Pages that other domains granted, through /dev/xen/gntdev (linux/include/uapi/xen/gntdev.h). */
import { closeSync } from 'node:fs';
import { ioctl, mapFile, PAGE_SIZE, type Mapping } from '../../os/index.js';
import type { DomainId } from '../domain.js';
import type { ForeignPage, GrantReference } from '../platform.js';
import { errnoOf, openDevice } from './device-file.js';
import { XenCallError } from './errors.js';

const DEVICE = '/dev/xen/gntdev';
const MAP_GRANT_REF = 0x0018_4700;
const UNMAP_GRANT_REF = 0x0010_4701;

export class Grants implements Disposable {
  readonly #fd = openDevice(DEVICE, 'xen-gntdev');

  /** Maps one page for reading and writing. @throws {XenCallError} the reference is not granted to us. */
  map(owner: DomainId, reference: GrantReference): ForeignPage {
    // { u32 count; u32 pad; u64 index (out); { u32 domid; u32 ref }[1] }
    const request = new Uint32Array([1, 0, 0, 0, owner, reference]);
    const bytes = new Uint8Array(request.buffer);
    let mapping: Mapping;
    let index: bigint | undefined;
    try {
      ioctl(this.#fd, MAP_GRANT_REF, bytes, DEVICE);
      index = new DataView(request.buffer).getBigUint64(8, true);
      mapping = mapFile(this.#fd, Number(index), PAGE_SIZE, DEVICE);
    } catch (cause) {
      if (index !== undefined) this.#unmap(index);
      throw new XenCallError('mapping a granted page', errnoOf(cause), { owner, reference }, '', { cause });
    }
    const at = index;
    let open = true;
    return {
      bytes: new Uint8Array(mapping.buffer),
      close: () => {
        if (!open) return;
        open = false;
        mapping.close();
        this.#unmap(at);
      },
    };
  }

  #unmap(index: bigint): void {
    // { u64 index; u32 count; u32 pad }
    const request = new DataView(new ArrayBuffer(16));
    request.setBigUint64(0, index, true);
    request.setUint32(8, 1, true);
    ioctl(this.#fd, UNMAP_GRANT_REF, new Uint8Array(request.buffer), DEVICE);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
