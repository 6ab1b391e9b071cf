/** Death of a process at one of its calls: from then on nothing that it does has any effect, and nothing is answered. */
import { GuestRecord, type GuestRecords, type RecordText } from '../../src/pciback/guest-record.js';
import type { ConfigWidth, Machine, PciFunction } from '../../src/function/index.js';
import type { PciAddress } from '../../src/pci/index.js';
import type { ClaimJournal, ClaimRecord } from '../../src/pool/index.js';
import type { DomainId } from '../../src/xen/domain.js';
import { discard, type XenStore } from '../../src/xen/store/index.js';

/** `before`: the call has no effect any more. `after`: it has, and the process does not get to know. */
export interface Death {
  /** The call, counted from 1, of those that change something. */
  readonly call: number;
  readonly moment: 'before' | 'after';
}

/** Thrown into what a dead process was doing; whoever catches it finds that all other calls throw it, too. */
export class Killed extends Error {}

export class Mortality {
  calls = 0;
  #death: Death | undefined;
  /** As the kernel does at the end of a process. */
  readonly #atDeath: (() => void)[] = [];
  #beforeCalls: () => void = () => undefined;
  #dead = false;

  constructor(death: Death | undefined) {
    this.#death = death;
  }

  get dead(): boolean {
    return this.#dead;
  }

  /** Dies that many calls from now, and at none that was said before. */
  dieSoon({ call, moment }: Death): void {
    this.#death = { call: this.calls + call, moment };
  }

  /** A call that is under way is none to die at any more. */
  spare(): void {
    this.#death = undefined;
  }

  onDeath(what: () => void): void {
    this.#atDeath.push(what);
  }

  /** What the process did without a call is done before its next one. */
  beforeCalls(what: () => void): void {
    this.#beforeCalls = what;
  }

  kill(): void {
    if (this.#dead) return;
    this.#dead = true;
    for (const what of this.#atDeath) what();
  }

  /** A call that changes nothing outside. */
  look<T>(call: () => T): T {
    if (this.#dead) throw new Killed();
    return call();
  }

  /** A call that changes something. */
  act<T>(call: () => T): T {
    if (this.#dead) throw new Killed();
    this.#beforeCalls();
    const fatal = ++this.calls === this.#death?.call;
    if (fatal && this.#death?.moment === 'before') {
      this.kill();
      throw new Killed();
    }
    const result = call();
    if (!fatal) return result;
    this.kill();
    throw new Killed();
  }

  /** A call whose answer a dead process never gets. One that is the last has all of its effect, which takes its time. */
  async asked<T>(call: () => Promise<T>, changes: boolean): Promise<T> {
    const never = new Promise<never>(() => undefined);
    if (this.#dead) return never;
    this.#beforeCalls();
    const fatal = changes && ++this.calls === this.#death?.call ? this.#death : undefined;
    if (fatal?.moment === 'before') this.kill();
    if (this.dead) return never;
    const [outcome] = await Promise.allSettled([call()]);
    // It may have been called off while the call was under way.
    if (fatal !== undefined && fatal === this.#death) this.kill();
    if (this.dead) return never;
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  }
}

/** Reads may be made as often as the process lives; what changes the function counts. */
export function mortalFunction(fn: PciFunction, mortality: Mortality): PciFunction {
  return {
    address: fn.address,
    regions: fn.regions,
    ...(fn.virtual === undefined ? {} : { virtual: fn.virtual }),
    get interruptLine() {
      return mortality.look(() => fn.interruptLine);
    },
    get resetMethods() {
      return mortality.look(() => fn.resetMethods);
    },
    config: {
      size: fn.config.size,
      read: (offset: number, width: ConfigWidth) => mortality.look(() => fn.config.read(offset, width)),
      write: (offset: number, width: ConfigWidth, value: number) => {
        mortality.act(() => {
          fn.config.write(offset, width, value);
        });
      },
    },
    openRegion: (index) => mortality.look(() => fn.openRegion(index)),
    setEnabled: (enabled) => {
      mortality.act(() => {
        fn.setEnabled(enabled);
      });
    },
    reset: () => mortality.asked(() => fn.reset(), true),
    close: () => {
      fn.close();
    },
    [Symbol.dispose]: () => {
      fn.close();
    },
  };
}

export function mortalMachine<M extends Machine>(machine: M, mortality: Mortality): M {
  return Object.assign(Object.create(machine) as M, {
    open: (address: PciAddress) => mortalFunction(machine.open(address), mortality),
    list: () => machine.list(),
    drivers: machine.drivers,
  });
}

/** The journal and the records outlive the process; a call to them is one that changes something. */
export function mortalJournal(journal: ClaimJournal, mortality: Mortality): ClaimJournal {
  return {
    records: () => journal.records(),
    put: (record: ClaimRecord) => {
      mortality.act(() => {
        journal.put(record);
      });
    },
    remove: (address) => {
      mortality.act(() => {
        journal.remove(address);
      });
    },
  };
}

/** What `texts` holds outlives the process. */
export function mortalRecords(texts: Map<DomainId, string>, mortality: Mortality): GuestRecords {
  const textOf = (guest: DomainId): RecordText => ({
    append: (line) => {
      mortality.act(() => texts.set(guest, `${texts.get(guest) ?? ''}${line}`));
    },
    replace: (text) => {
      mortality.act(() => texts.set(guest, text));
    },
    remove: () => {
      mortality.act(() => texts.delete(guest));
    },
    close: () => undefined,
  });
  return {
    former: () =>
      [...texts].map(([guest, text]) => GuestRecord.parse(text, `record of guest ${guest}`, textOf(guest))),
    create: (guest) => new GuestRecord(guest, textOf(guest)),
  };
}

/** Watches end with the process; a transaction is one call. */
export function mortalStore(store: XenStore, mortality: Mortality): XenStore {
  const asks = <T>(call: () => Promise<T>) => mortality.asked(call, false);
  const changes = <T>(call: () => Promise<T>) => mortality.asked(call, true);
  return {
    closed: store.closed,
    read: (path) => asks(() => store.read(path)),
    list: (path) => asks(() => store.list(path)),
    permissions: (path) => asks(() => store.permissions(path)),
    domainPath: (domain) => asks(() => store.domainPath(domain)),
    isIntroduced: (domain) => asks(() => store.isIntroduced(domain)),
    write: (path, value) => changes(() => store.write(path, value)),
    mkdir: (path) => changes(() => store.mkdir(path)),
    remove: (path) => changes(() => store.remove(path)),
    setPermissions: (path, permissions) => changes(() => store.setPermissions(path, permissions)),
    transaction: (body) =>
      changes(() =>
        store.transaction(async (tx) => {
          const result = await body(tx);
          // It ends with the connection.
          return mortality.dead ? discard(undefined as never) : result;
        }),
      ),
    watch: (path, onEvent) =>
      changes(async () => {
        const watch = await store.watch(path, (event) => (mortality.dead ? undefined : onEvent(event)));
        mortality.onDeath(() => void watch.unwatch());
        if (mortality.dead) void watch.unwatch();
        return watch;
      }),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
