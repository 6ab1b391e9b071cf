/** A page table of the IOMMU: two levels, as hardware has more of them, so that what maps nothing costs nothing. */
import type { IommuContext, Iova, PhysicalAddress } from '../../../function/index.js';
import { PAGE_SIZE } from './page.js';

export const READ = 1;
export const WRITE = 2;
/** Entries of a table of the lower level. */
const ENTRIES = 512;
/** Physical page numbers that fit into an entry beside the rights. */
const TARGETS = 2 ** 30;

/** An entry is a physical page number times 4, plus the rights; without any right it is no mapping, as on hardware. */
interface LowerTable {
  readonly entries: Uint32Array;
  mapped: number;
}

/** Page numbers of the device's side to physical pages and rights. */
export class PageTable implements IommuContext {
  readonly name: string;
  readonly #tables = new Map<number, LowerTable>();
  readonly #onEnd: (table: PageTable) => void;
  #ended = false;

  constructor(name: string, onEnd: (table: PageTable) => void) {
    this.name = name;
    this.#onEnd = onEnd;
  }

  /** @throws {RangeError} no multiple of a page, too large, or the context has ended: a fault of the caller. */
  map(iova: Iova, physical: PhysicalAddress, bytes: number, access: { read: boolean; write: boolean }): void {
    if (this.#ended) throw new RangeError(`context ${this.name} has ended`);
    const first = pageNumber(iova);
    const target = wholePages(physical);
    const pages = wholePages(bytes);
    if (target + pages > TARGETS) throw new RangeError(`0x${physical.toString(16)} is not in this machine`);
    const rights = (access.read ? READ : 0) | (access.write ? WRITE : 0);
    for (let page = 0; page < pages; page++)
      this.#set(first + page, rights === 0 ? 0 : (target + page) * 4 + rights);
  }

  unmap(iova: Iova, bytes: number): void {
    const first = pageNumber(iova);
    const pages = wholePages(bytes);
    for (let page = 0; page < pages; page++) this.#set(first + page, 0);
  }

  /** Physical page number times 4, plus the rights; 0 where nothing is mapped. */
  entry(page: number): number {
    return this.#tables.get(Math.floor(page / ENTRIES))?.entries[page % ENTRIES] ?? 0;
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#tables.clear();
    this.#onEnd(this);
  }

  /** Forgets every page of a physical range: it will be somebody else's. */
  forget(base: number, bytes: number): void {
    const first = (base / PAGE_SIZE) * 4;
    const end = first + (bytes / PAGE_SIZE) * 4;
    for (const [number, { entries }] of this.#tables)
      for (let index = 0; index < ENTRIES; index++) {
        const entry = entries[index] ?? 0;
        if (entry >= first && entry < end) this.#set(number * ENTRIES + index, 0);
      }
  }

  #set(page: number, entry: number): void {
    const number = Math.floor(page / ENTRIES);
    let table = this.#tables.get(number);
    if (table === undefined) {
      if (entry === 0) return;
      table = { entries: new Uint32Array(ENTRIES), mapped: 0 };
      this.#tables.set(number, table);
    }
    const index = page % ENTRIES;
    table.mapped += (entry === 0 ? 0 : 1) - (table.entries[index] === 0 ? 0 : 1);
    table.entries[index] = entry;
    if (table.mapped === 0) this.#tables.delete(number);
  }
}

function wholePages(bytes: number): number {
  const pages = bytes / PAGE_SIZE;
  if (!Number.isInteger(pages) || pages < 0) throw new RangeError(`${bytes} is no whole number of pages`);
  return pages;
}

function pageNumber(iova: Iova): number {
  if ((iova & 0xfffn) !== 0n) throw new RangeError(`0x${iova.toString(16)} is not the address of a page`);
  return Number(iova >> 12n);
}
