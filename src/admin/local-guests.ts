/** The tool stack of the embedded Xen: makes domains as libxl does, runs guest programs in them, and clears up behind them. */
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  GUEST_ENTRY,
  GuestProgramError,
  LOADED_KEY,
  POWEROFF,
  SHUTDOWN_KEY,
  type GuestStart,
} from '../guest/index.js';
import { OpenslotError } from '../pci/index.js';
import type { DomainId } from '../xen/domain.js';
import type { DomainEnd, LocalDomain, LocalXen } from '../xen/local/index.js';
import { homePath, type XenStore } from '../xen/store/index.js';
import { GuestGoneError, GuestRunningError, GuestUnknownError } from './errors.js';
import { forgetGuest, introduceGuest } from './guest-keys.js';
import { OutputLines } from './output-lines.js';

/** What a guest is to be. */
export interface GuestOptions {
  /** A JavaScript module whose default export is a guest program. */
  readonly file: string;
  readonly arguments?: readonly string[];
  /** The file's name without its ending when absent; unique among the guests. */
  readonly name?: string;
  /** Bytes for pages and DMA, 16 MiB when absent. */
  readonly memory?: number;
  /** Made, and not started: functions can be attached cold before {@link LocalGuests.unpause}. */
  readonly paused?: boolean;
}

/** A guest as it is listed. */
export interface GuestInfo {
  readonly domain: DomainId;
  readonly name: string;
  readonly state: 'paused' | 'running';
  /** Bytes. */
  readonly memory: number;
  readonly file: string;
}

export type GuestEvent = { readonly guest: DomainId; readonly name: string } & (
  | { readonly event: 'started'; readonly file: string }
  /** One line of what the program printed. */
  | { readonly event: 'output'; readonly line: string }
  | { readonly event: 'ended'; readonly end: DomainEnd }
);

const DEFAULT_MEMORY = 16 * 2 ** 20;
/** Longest wait for a program's modules. */
const LONGEST_LOAD_MS = 10_000;
const SMALLEST_MEMORY = 64 * 2 ** 10;
const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,62}$/;

/** A guest cannot have this name, memory or file. */
export class GuestOptionsError extends OpenslotError {
  readonly code = 'GUEST_OPTIONS';
  constructor(option: string, why: string) {
    super(`the guest's ${option}: ${why}`, { option, why }, 'openslot guest run --help');
  }
}

interface Running {
  readonly domain: LocalDomain;
  readonly uuid: string;
  readonly options: GuestOptions & { readonly name: string };
  /** Settles when nothing of the guest is left in XenStore. */
  cleared: Promise<void>;
}

/** What the tool stack hears of its guests, and does for them. */
export interface LocalGuestsOptions {
  readonly onEvent: (event: GuestEvent) => void;
  /** Takes back what a guest was given, before its keys go. */
  readonly beforeClearing: (guest: DomainId) => Promise<void>;
  /** Something could not be cleared up behind a guest, which has ended all the same. */
  readonly onError: (guest: DomainId, error: unknown) => void;
}

/** At {@link EmbeddedHost.guests}: runs programs as guests, and ends them. */
export class LocalGuests {
  readonly #xen: LocalXen;
  readonly #store: XenStore;
  readonly #options: LocalGuestsOptions;
  readonly #guests = new Map<DomainId, Running>();

  constructor(xen: LocalXen, options: LocalGuestsOptions) {
    this.#xen = xen;
    this.#store = xen.platform.store;
    this.#options = options;
  }

  list(): readonly GuestInfo[] {
    return [...this.#guests.values()].map(infoOf);
  }

  /** By name or domain id. @throws {GuestUnknownError} */
  find(text: string): GuestInfo {
    const all = this.list();
    const found = all.find(({ domain, name }) => name === text || String(domain) === text);
    if (found === undefined)
      throw new GuestUnknownError(
        text,
        [],
        all.map(({ domain, name }) => ({ id: domain, name })),
      );
    return found;
  }

  /**
   * Settles when the program is loaded, or the guest made.
   * @throws {GuestOptionsError | GuestProgramError | MachineMemoryError} and nothing is left behind.
   */
  async run(options: GuestOptions): Promise<GuestInfo> {
    const name = options.name ?? basename(options.file, extname(options.file));
    this.#check({ ...options, name });
    const domain = this.#xen.create(name, options.memory ?? DEFAULT_MEMORY);
    const guest: Running = {
      domain,
      uuid: randomUUID(),
      options: { ...options, name },
      cleared: Promise.resolve(),
    };
    this.#guests.set(domain.id, guest);
    guest.cleared = domain.ended.then((end) => this.#ended(guest, end));
    try {
      await this.#store.transaction((tx) => introduceGuest(tx, domain, guest.uuid));
    } catch (cause) {
      await this.destroy(domain.id);
      throw cause;
    }
    if (options.paused !== true) await this.unpause(domain.id);
    return infoOf(guest);
  }

  /**
   * Starts a guest that was made paused; settles when its program is loaded.
   * @throws {GuestUnknownError | GuestGoneError | GuestRunningError | GuestProgramError} after the last one the guest is gone.
   */
  async unpause(id: DomainId): Promise<void> {
    const guest = this.#guest(id);
    const { domain, options } = guest;
    if (domain.running) throw new GuestRunningError(domain.id, domain.name);
    // It is listed until all that it had is back.
    if (domain.hasEnded) throw new GuestGoneError({ id: domain.id, name: domain.name });
    const start: GuestStart = {
      program: pathToFileURL(options.file).href,
      arguments: options.arguments ?? [],
    };
    const lines = new OutputLines((line) => {
      this.#tell(domain, { event: 'output', line });
    });
    domain.run({
      entry: GUEST_ENTRY,
      data: start,
      onOutput: (text) => {
        lines.push(text);
      },
    });
    void domain.ended.then(() => {
      lines.end();
    });
    this.#tell(domain, { event: 'started', file: options.file });
    await this.#loaded(guest);
  }

  /** A program that takes its time to load is not waited for longer than that. */
  async #loaded({ domain, options, cleared }: Running): Promise<void> {
    const key = `${homePath(domain.id)}/${LOADED_KEY}`;
    let told: () => void = () => undefined;
    const loaded = new Promise<void>((resolve) => (told = resolve));
    await using _watch = await this.#store.watch(key, async () => {
      if ((await this.#store.read(key)) === '1') told();
    });
    const timer = setTimeout(told, LONGEST_LOAD_MS);
    const end = await Promise.race([loaded, domain.ended]);
    clearTimeout(timer);
    if (end?.how !== 'crash' || end.error.code !== 'GUEST_PROGRAM') return;
    await cleared;
    throw new GuestProgramError(options.file, end.error.message.replace(/^.* is no guest program: /, ''));
  }

  /** Asks a guest to end, as the tool stack of any Xen does; whether it does is its own. @throws {GuestUnknownError} */
  async shutdown(id: DomainId): Promise<void> {
    await this.#store.write(`${homePath(this.#guest(id).domain.id)}/${SHUTDOWN_KEY}`, POWEROFF);
  }

  /** Ends a guest wherever it is; settles when its functions are on their way back and its keys are gone. */
  async destroy(id: DomainId): Promise<void> {
    const guest = this.#guest(id);
    await guest.domain.destroy();
    await guest.cleared;
  }

  /** Settles when the guest has ended by itself or by somebody else, and is cleared up. */
  async ended(id: DomainId): Promise<DomainEnd> {
    const guest = this.#guest(id);
    const end = await guest.domain.ended;
    await guest.cleared;
    return end;
  }

  #check({ file, name, memory = DEFAULT_MEMORY }: GuestOptions & { readonly name: string }): void {
    if (!NAME.test(name))
      throw new GuestOptionsError('name', `"${name}" is no letter followed by letters, digits, . _ and -`);
    if ([...this.#guests.values()].some(({ domain }) => domain.name === name))
      throw new GuestOptionsError('name', `a guest "${name}" is there already`);
    if (!Number.isInteger(memory) || memory < SMALLEST_MEMORY)
      throw new GuestOptionsError('memory', `${memory} bytes are less than ${SMALLEST_MEMORY}`);
    checkFile(file);
  }

  #guest(id: DomainId): Running {
    const guest = this.#guests.get(id);
    if (guest === undefined) throw new GuestUnknownError(String(id), [], []);
    return guest;
  }

  #tell(domain: LocalDomain, event: DistributiveOmit<GuestEvent, 'guest' | 'name'>): void {
    this.#options.onEvent({ guest: domain.id, name: domain.name, ...event });
  }

  async #ended({ domain, uuid }: Running, end: DomainEnd): Promise<void> {
    // Where in the program it was; Node's own and our frames say nothing to its author.
    if (end.how === 'crash')
      for (const line of framesOf(end.error)) this.#tell(domain, { event: 'output', line });
    this.#tell(domain, { event: 'ended', end });
    const failed = (error: unknown) => {
      this.#options.onError(domain.id, error);
    };
    await this.#options.beforeClearing(domain.id).catch(failed);
    await this.#store.transaction((tx) => forgetGuest(tx, domain.id, uuid)).catch(failed);
    this.#guests.delete(domain.id);
  }
}

function infoOf({ domain, options }: Running): GuestInfo {
  return {
    domain: domain.id,
    name: domain.name,
    state: options.paused === true && !domain.running ? 'paused' : 'running',
    memory: domain.memory.buffer.byteLength,
    file: options.file,
  };
}

const OWN = new URL('../', import.meta.url).href;

function framesOf({ stack = '' }: Error): readonly string[] {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !line.includes('node:') && !line.includes(OWN))
    .map((line) => line.trimEnd());
}

/** @throws {GuestProgramError} */
function checkFile(file: string): void {
  let why = 'there is no such file';
  try {
    if (statSync(file, { throwIfNoEntry: false })?.isFile() === true) return;
  } catch (cause) {
    why = `it cannot be looked at: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`;
  }
  throw new GuestProgramError(file, why);
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
