/** The guest's end of a shared page, for tests: fills in operations as a front end does and reads the replies. */
import { OperationHandler, VirtualBus, type ExportedFunction } from '../../src/pciback/index.js';
import { Command, MAX_MSIX_VECTORS, SharedPage } from '../../src/xen/pciif/index.js';
import type { GuestPlatform, XenPlatform } from '../../src/xen/platform.js';

export interface Reply {
  readonly error: number;
  readonly value: number;
  readonly vectors: readonly number[];
}

/** Word indices of the page (pciif.h); written here again on purpose, apart from the code under test. */
export const WORD = {
  flags: 0,
  command: 1,
  error: 2,
  domain: 3,
  bus: 4,
  devfn: 5,
  offset: 6,
  size: 7,
  value: 8,
  entries: 10,
};

export class SharedPageGuest {
  readonly words: Int32Array;

  /** The page as the guest itself has it. */
  constructor({ buffer, byteOffset, byteLength }: Uint8Array) {
    this.words = new Int32Array(buffer, byteOffset, byteLength / 4);
  }

  request(fields: Partial<Record<keyof typeof WORD, number>>, entries: readonly number[] = []): void {
    for (const [name, value] of Object.entries(fields)) this.words[WORD[name as keyof typeof WORD]] = value;
    for (const [index, entry] of entries.entries()) this.words[WORD.entries + index] = entry << 16;
    Atomics.or(this.words, WORD.flags, 1);
  }

  get waiting(): boolean {
    return (Atomics.load(this.words, WORD.flags) & 1) !== 0;
  }

  reply(vectors = 0): Reply {
    const entries = Array.from(
      this.words.slice(WORD.entries, WORD.entries + Math.min(vectors, MAX_MSIX_VECTORS)),
    );
    return {
      error: this.words[WORD.error] ?? NaN,
      value: (this.words[WORD.value] ?? NaN) >>> 0,
      vectors: entries.map((word) => word & 0xffff),
    };
  }
}

/** A guest that granted its page, and the operation handler behind it; nothing stands in XenStore. */
export class HandlerGuest {
  readonly guest: SharedPageGuest;
  readonly bus = new VirtualBus<ExportedFunction>();
  readonly faults: unknown[] = [];
  readonly handler: OperationHandler;

  constructor(guest: GuestPlatform, host: XenPlatform) {
    const { bytes, reference } = guest.sharePage(host.domain);
    this.guest = new SharedPageGuest(bytes);
    const mapped = host.mapGrant(guest.domain, reference);
    this.handler = new OperationHandler(new SharedPage(mapped.bytes), this.bus, (_operation, error) =>
      this.faults.push(error),
    );
  }

  operate(
    command: number,
    devfn: number,
    fields: { offset?: number; size?: number; value?: number } = {},
  ): Reply {
    const { offset = 0, size = 4, value = 0 } = fields;
    this.guest.request({ command, domain: 0, bus: 0, devfn, offset, size, value });
    this.handler.service();
    return this.guest.reply();
  }

  read(devfn: number, offset: number, size: number): Reply {
    return this.operate(Command.configRead, devfn, { offset, size });
  }

  write(devfn: number, offset: number, size: number, value: number): Reply {
    return this.operate(Command.configWrite, devfn, { offset, size, value });
  }
}
