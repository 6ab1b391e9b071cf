/** The IOMMU: whose DMA reaches which memory, by requester, and a record of what reached nothing. */
import type { DmaResult, IommuContext, IommuFault, Iova, PhysicalAddress } from '../../../function/index.js';
import type { PciAddress } from '../../../pci/index.js';
import { PAGE_SIZE, type PhysicalMemory } from './memory.js';

/** Faults that are kept; older ones are only counted. */
const KEPT_FAULTS = 256;
const READ = 1;
const WRITE = 2;

/** A page table: page number of the device's side to physical page number and rights, packed in one number. */
export class PageTable implements IommuContext {
  readonly name: string;
  readonly #pages = new Map<number, number>();
  readonly #onEnd: (table: PageTable) => void;
  #ended = false;

  constructor(name: string, onEnd: (table: PageTable) => void) {
    this.name = name;
    this.#onEnd = onEnd;
  }

  /** @throws {RangeError} a number is no multiple of a page, or the context has ended: a fault of the caller. */
  map(iova: Iova, physical: PhysicalAddress, bytes: number, access: { read: boolean; write: boolean }): void {
    if (this.#ended) throw new RangeError(`context ${this.name} has ended`);
    const first = pageNumber(iova);
    const target = wholePages(physical);
    const rights = (access.read ? READ : 0) | (access.write ? WRITE : 0);
    for (let page = 0; page < wholePages(bytes); page++) {
      this.#pages.set(first + page, (target + page) * 4 + rights);
    }
  }

  unmap(iova: Iova, bytes: number): void {
    const first = pageNumber(iova);
    for (let page = 0; page < wholePages(bytes); page++) this.#pages.delete(first + page);
  }

  /** Physical page number times 4, plus the rights; undefined where nothing is mapped. */
  entry(page: number): number | undefined {
    return this.#pages.get(page);
  }

  [Symbol.dispose](): void {
    this.#ended = true;
    this.#pages.clear();
    this.#onEnd(this);
  }

  /** Forgets every page of a physical range: it will be somebody else's. */
  forget(base: number, bytes: number): void {
    const first = base / PAGE_SIZE;
    const end = first + bytes / PAGE_SIZE;
    for (const [page, entry] of this.#pages) {
      const target = Math.floor(entry / 4);
      if (target >= first && target < end) this.#pages.delete(page);
    }
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

export class Iommu {
  readonly #memory: PhysicalMemory;
  readonly #contexts = new Set<PageTable>();
  /** By requester; null is quarantine. Who is not in it has its program's context. */
  readonly #assigned = new Map<number, PageTable | null>();
  readonly #programs = new Map<number, PageTable>();
  readonly #listeners = new Set<(fault: IommuFault) => void>();
  readonly #faults: IommuFault[] = [];
  #faultCount = 0;

  constructor(memory: PhysicalMemory) {
    this.#memory = memory;
  }

  /** The last faults, oldest first. */
  get faults(): readonly IommuFault[] {
    return this.#faults;
  }

  /** All faults since the machine started. */
  get faultCount(): number {
    return this.#faultCount;
  }

  createContext(name: string): PageTable {
    const context = new PageTable(name, (ended) => this.#contexts.delete(ended));
    this.#contexts.add(context);
    return context;
  }

  assign(requester: PciAddress, context: IommuContext | 'program' | undefined): void {
    if (context === 'program') this.#assigned.delete(requester.sbdf);
    else if (context === undefined) this.#assigned.set(requester.sbdf, null);
    else if (context instanceof PageTable) this.#assigned.set(requester.sbdf, context);
    else throw new TypeError(`context ${context.name} is of another machine`);
  }

  /** The context that a program's own mappings of this function go to. */
  programContext(requester: PciAddress): PageTable {
    let context = this.#programs.get(requester.sbdf);
    if (context === undefined) {
      context = this.createContext(`program of ${requester}`);
      this.#programs.set(requester.sbdf, context);
    }
    return context;
  }

  /** What translates a requester now; undefined in quarantine. */
  contextOf(requester: PciAddress): PageTable | undefined {
    const assigned = this.#assigned.get(requester.sbdf);
    if (assigned === null) return undefined;
    return assigned ?? this.programContext(requester);
  }

  read(requester: PciAddress, iova: Iova, into: Uint8Array): DmaResult {
    return this.#transfer(requester, iova, into, READ);
  }

  write(requester: PciAddress, iova: Iova, from: Uint8Array): DmaResult {
    return this.#transfer(requester, iova, from, WRITE);
  }

  onFault(listener: (fault: IommuFault) => void): Disposable {
    // A function of its own for each call, so that the same listener can listen twice.
    const entry = (fault: IommuFault) => {
      listener(fault);
    };
    this.#listeners.add(entry);
    return {
      [Symbol.dispose]: () => {
        this.#listeners.delete(entry);
      },
    };
  }

  record(fault: IommuFault): void {
    this.#faultCount++;
    this.#faults.push(fault);
    if (this.#faults.length > KEPT_FAULTS) this.#faults.shift();
    for (const listener of [...this.#listeners]) listener(fault);
  }

  /** Before memory becomes somebody else's: no context reaches it any more. */
  forget(base: number, bytes: number): void {
    for (const context of this.#contexts) context.forget(base, bytes);
  }

  /** All pages are looked up before the first byte moves: a transfer that faults has changed nothing. */
  #transfer(requester: PciAddress, iova: Iova, bytes: Uint8Array, right: number): DmaResult {
    if (bytes.length === 0) return 'done';
    const context = this.contextOf(requester);
    const page = Number(iova >> 12n);
    const inside = Number(iova & 0xfffn);
    const pages = Math.ceil((inside + bytes.length) / PAGE_SIZE);
    for (let index = 0; index < pages; index++) {
      const entry = context?.entry(page + index);
      const why =
        context === undefined
          ? 'quarantined'
          : entry === undefined || this.#memory.find(Math.floor(entry / 4) * PAGE_SIZE) === undefined
            ? 'unmapped'
            : (entry & right) === 0
              ? 'not_allowed'
              : undefined;
      if (why === undefined) continue;
      const first = index === 0 ? iova : ((iova >> 12n) + BigInt(index)) << 12n;
      if (right === READ) bytes.fill(0xff);
      const access = right === READ ? 'read' : 'write';
      this.record({ requester, iova: first as Iova, access, why, context: context?.name });
      return 'fault';
    }
    for (let index = 0, at = 0; index < pages; index++) {
      const from = index === 0 ? inside : 0;
      const length = Math.min(PAGE_SIZE - from, bytes.length - at);
      const physical = Math.floor((context?.entry(page + index) ?? 0) / 4) * PAGE_SIZE + from;
      const range = this.#memory.find(physical);
      if (range === undefined) continue;
      const start = physical - range.base;
      if (right === READ) bytes.set(range.bytes.subarray(start, start + length), at);
      else range.bytes.set(bytes.subarray(at, at + length), start);
      at += length;
    }
    return 'done';
  }
}
