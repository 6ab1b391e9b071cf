/** The bus configuration registers of a PCnet controller: storage with a few bits that are somebody else's. */
import { Bcr, DOUBLE_WORD_IO } from './registers.js';
import type { SoftwareStyle } from './ring.js';

const DEFAULTS: readonly (readonly [number, number])[] = [
  [Bcr.masterReadActive, 0x0005],
  [1, 0x0005],
  [Bcr.misc, 0x0002],
  [4, 0x80c0],
  [5, 0x0084],
  [6, 0x0088],
  [7, 0x0090],
  [Bcr.busControl, 0x9001],
  [19, 0x0002],
  [Bcr.softwareStyle, 0x0200],
  [22, 0xff06],
];
const STORED: ReadonlySet<number> = new Set([Bcr.misc, 4, 5, 6, 7, 9, 19, 22]);
/** {@link Bcr.softwareStyle} by the style that is chosen. */
const STYLES: readonly number[] = [0x0200, 0x0101, 0x0302, 0x0303];
/** {@link Bcr.misc}: the address PROM can be written. */
const PROM_WRITE = 0x0100;
/** Registers of the LEDs: on while there is a link; whether the LED is on. */
const LED_LINK = 0x0040;
const LED_OUT = 0x8000;

export class BusConfiguration {
  readonly #registers = new Uint16Array(128);
  readonly #link: boolean;

  /** `link`: a cable is in. */
  constructor(link: boolean) {
    this.#link = link;
    this.reset();
  }

  reset(): void {
    this.#registers.fill(0);
    for (const [index, value] of DEFAULTS) this.#registers[index] = value;
  }

  /** What a read of the reset port does to them. */
  resetStyle(): void {
    this.#setStyle(0);
  }

  /** `wide`: through the window of 32 bits. */
  read(index: number, wide: boolean): number {
    const value = this.#registers[index] ?? 0;
    if (index === Bcr.busControl && wide) return value | DOUBLE_WORD_IO;
    if (index < Bcr.firstLed || index > Bcr.lastLed) return value;
    return this.#link && (value & LED_LINK) !== 0 ? value | LED_OUT : value & ~LED_OUT;
  }

  write(index: number, value: number): void {
    if (index === Bcr.softwareStyle) this.#setStyle(value);
    else if (index === Bcr.busControl) this.#registers[index] = value & ~DOUBLE_WORD_IO;
    else if (STORED.has(index)) this.#registers[index] = value;
  }

  get promWritable(): boolean {
    return ((this.#registers[Bcr.misc] ?? 0) & PROM_WRITE) !== 0;
  }

  get style(): SoftwareStyle {
    const style = (this.#registers[Bcr.softwareStyle] ?? 0) & 0xff;
    // The first with 32 bits was of another chip; its descriptors are those of the second.
    return style === 1 ? 2 : style === 2 || style === 3 ? style : 0;
  }

  /** Styles that are none are the oldest one. In those with addresses of 32 bits a bit says so. */
  #setStyle(value: number): void {
    const style = STYLES[value & 0xff];
    this.#registers[Bcr.softwareStyle] = style === undefined ? (STYLES[0] ?? 0) : (value & 0xfc00) | style;
  }
}
