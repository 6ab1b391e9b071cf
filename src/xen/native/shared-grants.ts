/** Pages of ours that another domain may map, through /dev/xen/gntalloc (linux/include/uapi/xen/gntalloc.h). */
import { closeSync } from 'node:fs';
import { ioctl, mapFile, PAGE_SIZE, type Mapping } from '../../os/index.js';
import type { DomainId } from '../domain.js';
import type { GrantedPage, GrantReference } from '../platform.js';
import { errnoOf, openDevice } from './device-file.js';
import { XenCallError } from './errors.js';

const DEVICE = '/dev/xen/gntalloc';
const ALLOC_GREF = 0x0018_4705;
const DEALLOC_GREF = 0x0010_4706;
const WRITABLE = 1;

export class SharedGrants implements Disposable {
  readonly #fd = openDevice(DEVICE, 'xen-gntalloc');

  /** A fresh page, zeroed by the kernel. @throws {XenCallError} the kernel's limit of such pages is reached. */
  share(peer: DomainId): GrantedPage {
    // { u16 domid; u16 flags; u32 count; u64 index (out); u32 gref[1] (out) }
    const request = new DataView(new ArrayBuffer(24));
    request.setUint16(0, peer, true);
    request.setUint16(2, WRITABLE, true);
    request.setUint32(4, 1, true);
    let mapping: Mapping;
    let index: bigint | undefined;
    try {
      ioctl(this.#fd, ALLOC_GREF, new Uint8Array(request.buffer), DEVICE);
      index = request.getBigUint64(8, true);
      mapping = mapFile(this.#fd, Number(index), PAGE_SIZE, DEVICE);
    } catch (cause) {
      if (index !== undefined) this.#free(index);
      throw new XenCallError('granting a page', errnoOf(cause), { peer }, '', { cause });
    }
    const at = index;
    let open = true;
    return {
      reference: request.getUint32(16, true) as GrantReference,
      bytes: new Uint8Array(mapping.buffer),
      close: () => {
        if (!open) return;
        open = false;
        mapping.close();
        // The kernel keeps the page as long as the other end still has it mapped.
        this.#free(at);
      },
    };
  }

  #free(index: bigint): void {
    // { u64 index; u32 count; u32 pad }
    const request = new DataView(new ArrayBuffer(16));
    request.setBigUint64(0, index, true);
    request.setUint32(8, 1, true);
    ioctl(this.#fd, DEALLOC_GREF, new Uint8Array(request.buffer), DEVICE);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
