/** The IOMMU: whose DMA reaches which memory, by requester id, and a record of what reached nothing. */
import type { DmaResult, IommuContext, IommuFault, Iova } from '../../../function/index.js';
import type { PciAddress } from '../../../pci/index.js';
import { Listeners } from '../listeners.js';
import type { PhysicalMemory } from './memory.js';
import { PAGE_SIZE } from './page.js';
import { PageTable, READ, WRITE } from './page-table.js';

/** Faults that are kept; older ones are only counted. */
const KEPT_FAULTS = 256;

/** What a device's page is without an IOMMU: the machine's own, page for page, times 4 as entries are, with all rights. */
const untranslated = (page: number): number => page * 4 + READ + WRITE;

export interface IommuParts {
  readonly memory: PhysicalMemory;
  /** False: there is none, and every address is the machine's own. */
  readonly translates: boolean;
  /** What it knows a requester by. Behind some bridges that is the same for all (PCI Express Base 6.0, 2.2.6.2). */
  readonly requesterId: (requester: PciAddress) => number;
}

export class Iommu {
  readonly translates: boolean;
  readonly #memory: PhysicalMemory;
  readonly #requesterId: IommuParts['requesterId'];
  readonly #contexts = new Set<PageTable>();
  /** By requester id; null is quarantine. Who is not in it has its program's context. */
  readonly #assigned = new Map<number, PageTable | null>();
  readonly #programs = new Map<number, PageTable>();
  readonly #listeners = new Listeners<IommuFault>();
  readonly #faults: IommuFault[] = [];
  #faultCount = 0;

  constructor({ memory, translates, requesterId }: IommuParts) {
    this.#memory = memory;
    this.translates = translates;
    this.#requesterId = requesterId;
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

  /** Where several have one requester id, the last assignment is that of all. */
  assign(requester: PciAddress, context: IommuContext | 'program' | undefined): void {
    const id = this.#requesterId(requester);
    if (context === 'program') this.#assigned.delete(id);
    else if (context === undefined) this.#assigned.set(id, null);
    else if (context instanceof PageTable) this.#assigned.set(id, context);
    else throw new TypeError(`context ${context.name} is of another machine`);
  }

  /** The context that a program's own mappings of this function go to. */
  programContext(requester: PciAddress): PageTable {
    const id = this.#requesterId(requester);
    let context = this.#programs.get(id);
    if (context === undefined) {
      context = this.createContext(`program of ${requester}`);
      this.#programs.set(id, context);
    }
    return context;
  }

  /** What translates a requester now; undefined in quarantine. */
  contextOf(requester: PciAddress): PageTable | undefined {
    const assigned = this.#assigned.get(this.#requesterId(requester));
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
    return this.#listeners.add(listener);
  }

  record(fault: IommuFault): void {
    this.#faultCount++;
    this.#faults.push(fault);
    if (this.#faults.length > KEPT_FAULTS) this.#faults.shift();
    this.#listeners.tell(fault);
  }

  /** Before memory becomes somebody else's: no context reaches it any more. */
  forget(base: number, bytes: number): void {
    for (const context of this.#contexts) context.forget(base, bytes);
  }

  /** All pages are looked up before the first byte moves: a transfer that faults has changed nothing. */
  #transfer(requester: PciAddress, iova: Iova, bytes: Uint8Array, right: number): DmaResult {
    if (bytes.length === 0) return 'done';
    const context = this.translates ? this.contextOf(requester) : undefined;
    const entryOf = this.translates ? (at: number) => context?.entry(at) ?? 0 : untranslated;
    const page = Number(iova >> 12n);
    const inside = Number(iova & 0xfffn);
    const pages = Math.ceil((inside + bytes.length) / PAGE_SIZE);
    for (let index = 0; index < pages; index++) {
      const entry = entryOf(page + index);
      const why =
        this.translates && context === undefined
          ? 'quarantined'
          : entry === 0 || this.#memory.find(Math.floor(entry / 4) * PAGE_SIZE) === undefined
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
      const physical = Math.floor(entryOf(page + index) / 4) * PAGE_SIZE + from;
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
