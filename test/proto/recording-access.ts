/** Storage behind the port's register access that records each access. */
import type { RegisterAccess } from '../../src/function/index.js';

export interface RecordedAccess {
  readonly kind: 'read' | 'write';
  /** Bytes. */
  readonly width: 1 | 2 | 4 | 8;
  readonly offset: number;
}

export class RecordingAccess implements RegisterAccess {
  readonly bytes: DataView;
  readonly accesses: RecordedAccess[] = [];

  constructor(size = 64) {
    this.bytes = new DataView(new ArrayBuffer(size));
  }

  /** The accesses since the last call, as `r4@0x20`. */
  taken(): readonly string[] {
    return this.accesses
      .splice(0)
      .map(({ kind, width, offset }) => `${kind === 'read' ? 'r' : 'w'}${width}@0x${offset.toString(16)}`);
  }

  read8(offset: number): number {
    this.accesses.push({ kind: 'read', width: 1, offset });
    return this.bytes.getUint8(offset);
  }

  read16(offset: number): number {
    this.accesses.push({ kind: 'read', width: 2, offset });
    return this.bytes.getUint16(offset, true);
  }

  read32(offset: number): number {
    this.accesses.push({ kind: 'read', width: 4, offset });
    return this.bytes.getUint32(offset, true);
  }

  read64(offset: number): bigint {
    this.accesses.push({ kind: 'read', width: 8, offset });
    return this.bytes.getBigUint64(offset, true);
  }

  write8(offset: number, value: number): void {
    this.accesses.push({ kind: 'write', width: 1, offset });
    this.bytes.setUint8(offset, value);
  }

  write16(offset: number, value: number): void {
    this.accesses.push({ kind: 'write', width: 2, offset });
    this.bytes.setUint16(offset, value, true);
  }

  write32(offset: number, value: number): void {
    this.accesses.push({ kind: 'write', width: 4, offset });
    this.bytes.setUint32(offset, value, true);
  }

  write64(offset: number, value: bigint): void {
    this.accesses.push({ kind: 'write', width: 8, offset });
    this.bytes.setBigUint64(offset, value, true);
  }
}
