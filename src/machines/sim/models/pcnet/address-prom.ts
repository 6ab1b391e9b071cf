/** The address PROM of a PCnet board, as the first bytes of its window show it. */

const BYTES = 16;
const HARDWARE_ID = 9;
const SUM = 12;
const SIGNATURE = 14;

export class AddressProm {
  readonly #mac: Uint8Array;
  readonly #bytes = new Uint8Array(BYTES);

  constructor(mac: Uint8Array) {
    this.#mac = mac;
    this.reset();
  }

  /** What every board's holds: its address, a hardware id, the sum of all, two letters W. */
  reset(): void {
    this.#bytes.fill(0);
    this.#bytes.set(this.#mac);
    this.#bytes[HARDWARE_ID] = 0x11;
    this.#bytes.set([0x57, 0x57], SIGNATURE);
    const sum = this.#bytes.reduce((total, byte) => total + byte, 0);
    this.#bytes.set([sum & 0xff, sum >>> 8], SUM);
  }

  read(offset: number, width: 1 | 2 | 4): number {
    let value = 0;
    for (let lane = width - 1; lane >= 0; lane--) value = value * 256 + (this.#bytes[offset + lane] ?? 0);
    return value;
  }

  write(offset: number, width: 1 | 2 | 4, value: number): void {
    for (let lane = 0; lane < width; lane++) this.#bytes[offset + lane] = value >>> (8 * lane);
  }
}
