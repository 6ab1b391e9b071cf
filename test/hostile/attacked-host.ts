/** A host under attack: the embedded Xen with all that stands on it, put together so that its platform and hardware are watched. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Attachments, FINDING_NAMES, LocalGuests, type GuestInfo } from '../../src/admin/index.js';
import { forgetGuest, introduceGuest } from '../../src/admin/guest-keys.js';
import { HostClaims, XEN_HOLDER } from '../../src/admin/host-claims.js';
import type { PciFunction } from '../../src/function/index.js';
import { parseMachine, SimMachine, type DeviceKind } from '../../src/machines/sim/index.js';
import { notations, type PciAddress } from '../../src/pci/index.js';
import { Pciback, type PcibackEvent } from '../../src/pciback/index.js';
import { MemoryJournal, Pool } from '../../src/pool/index.js';
import type { DomainId } from '../../src/xen/domain.js';
import {
  connectGuest,
  LocalXen,
  type LocalDomain,
  type LocalGuestPlatform,
} from '../../src/xen/local/index.js';
import { StoreServer } from '../../src/xen/store/index.js';
import { disk } from '../function/shapes.js';
import { AllowedWrites, type Cause, type ConfigWrite } from './allowed-writes.js';
import { WatchedPlatform } from './watched-platform.js';

/** Functions that keep nothing, with every capability that a guest can attack. */
const DISK: DeviceKind = {
  name: 'disk',
  summary: 'a function with every capability, for tests',
  options: () => undefined,
  functions: () => [{ function: 0, shape: disk() }],
  create: () => ({ read: () => 0, write: () => undefined, reset: () => undefined }),
};

/** The honest guests' functions behind bridges and in one device, then those of attackers. */
const MACHINE = `
roots:
  - bus: 0
    slots:
      - {slot: "01", bridge: {}, bus: [{slot: "00", model: edu}]}
      - {slot: "02", bridge: {}, bus: [{slot: "00", model: nvme}]}
      - {slot: "03", model: multi}
      - {slot: "05", model: clearing}
      - {slot: "06", model: disk}
      - {slot: "07", model: disk}
      - {slot: "08", model: disk}
      - {slot: "09", model: disk}
      - {slot: "0a", model: disk}
      - {slot: "0b", model: clearing}
`;

/** A guest of the host's own thread. */
export interface ThreadGuest {
  readonly domain: LocalDomain;
  readonly platform: LocalGuestPlatform;
  /** Ends the domain, and clears up behind it as its tool stack does. */
  end(): Promise<void>;
}

/** Says what a write was caused by, where its guest is known to have one request at a time. */
export type CauseOf = (guest: DomainId, address: PciAddress, write: ConfigWrite) => Cause | 'nothing';

const MOST_FINDINGS = 20;
const BETWEEN_LOOKS_MS = 2;

export class AttackedHost implements AsyncDisposable {
  readonly machine: SimMachine;
  readonly server = new StoreServer();
  readonly xen: LocalXen;
  readonly platform: WatchedPlatform;
  readonly pool: Pool;
  /** What must not have happened; the first few, and how many. */
  readonly findings: string[] = [];
  findingsCount = 0;
  /** Writes that reached configuration space, by what caused them. */
  readonly hardwareWrites: Record<Cause, number> = { write: 0, interrupts: 0, request: 0, step: 0 };
  /** Told of what the back end tells. */
  readonly listeners = new Set<(event: PcibackEvent) => void>();
  causeOf: CauseOf = () => 'request';
  /** Told of each write that reached a function, in order. */
  onHardwareWrite: (address: PciAddress, write: ConfigWrite) => void = () => undefined;
  readonly #hardware = new Map<number, PciFunction>();
  #pciback: Pciback | undefined;
  #attachments: Attachments | undefined;
  #guests: LocalGuests | undefined;

  private constructor() {
    this.machine = new SimMachine(parseMachine(MACHINE), { kinds: [DISK] });
    this.xen = new LocalXen(this.machine, this.server, {
      onFault: (domain, error) => {
        this.find(`the hypervisor failed at a call of domain ${domain}: ${String(error)}`);
      },
    });
    this.platform = new WatchedPlatform(this.xen.platform, (finding) => {
      this.find(finding);
    });
    this.pool = new Pool(this.machine, new MemoryJournal());
    for (const { address, headerType } of this.machine.list()) if (headerType === 0) this.#watch(address);
  }

  static async start(): Promise<AttackedHost> {
    const host = new AttackedHost();
    await host.#start();
    return host;
  }

  async #start(): Promise<void> {
    const { machine, platform, pool } = this;
    const claims = new HostClaims(pool, machine, platform);
    this.#pciback = await Pciback.start({
      platform,
      pool,
      holder: XEN_HOLDER,
      onEvent: (event) => {
        this.#heard(event);
      },
    });
    this.#attachments = await Attachments.start({
      platform,
      machine,
      pool,
      claims,
      backEnds: this.#pciback,
      // What functions of this machine share is not what is asked here.
      allowed: FINDING_NAMES,
      onError: (doing, error) => {
        this.find(`the tool stack failed at ${doing}: ${String(error)}`);
      },
    });
    this.#guests = new LocalGuests(this.xen, {
      onEvent: ({ name, ...event }) => {
        if (event.event === 'output') process.stderr.write(`${name}: ${event.line}\n`);
        if (event.event === 'ended' && event.end.how === 'crash')
          this.find(`${name} crashed: ${event.end.error.message}`);
      },
      beforeClearing: (guest) => this.attachments.guestEnded(guest),
      onError: (guest, error) => {
        this.find(`clearing up behind guest ${guest} failed: ${String(error)}`);
      },
    });
  }

  get attachments(): Attachments {
    return there(this.#attachments);
  }

  get guests(): LocalGuests {
    return there(this.#guests);
  }

  get pciback(): Pciback {
    return there(this.#pciback);
  }

  find(what: string): void {
    this.findingsCount++;
    if (this.findings.length < MOST_FINDINGS) this.findings.push(what);
  }

  address(text: string): PciAddress {
    return notations.hex.parse(text);
  }

  /** A function's registers below everything. */
  hardware(address: PciAddress): PciFunction {
    return there(this.#hardware.get(address.sbdf));
  }

  /** A guest in a worker, with a program of `test/guests`. */
  async runWorker(
    program: string,
    name: string,
    args: readonly string[],
    functions: readonly string[],
  ): Promise<GuestInfo> {
    const file = fileURLToPath(new URL(`../guests/${program}.js`, import.meta.url));
    const guest = await this.guests.run({ file, name, arguments: args, paused: true });
    for (const text of functions) await this.attach(guest.domain, text);
    await this.guests.unpause(guest.domain);
    return guest;
  }

  /** A guest in a worker whose first module is a program of `test/guests`: it has no library of ours. */
  async runAlone(program: string, name: string, args: readonly string[], fn: string): Promise<DomainId> {
    const domain = this.xen.create(name, 2 ** 17);
    await this.xen.platform.store.transaction((tx) => introduceGuest(tx, domain, randomUUID()));
    domain.run({
      entry: new URL(`../guests/${program}.js`, import.meta.url),
      data: { arguments: args },
      onOutput: (text) => {
        if (text !== '') process.stderr.write(`${name}: ${text}`);
      },
    });
    void domain.ended.then((end) => {
      if (end.how === 'crash') this.find(`${name} crashed: ${end.error.stack ?? end.error.message}`);
    });
    await this.attach(domain.id, fn);
    return domain.id;
  }

  /** A guest without a worker. */
  async runHere(name: string, bytes = 2 ** 17): Promise<ThreadGuest> {
    const domain = this.xen.create(name, bytes);
    const uuid = randomUUID();
    const { store } = this.xen.platform;
    await store.transaction((tx) => introduceGuest(tx, domain, uuid));
    const platform = connectGuest(domain.runHere());
    let ended: Promise<void> | undefined;
    const end = async () => {
      // Its own end of the ring first: of a processor that is this thread something would go on.
      const closed = platform.store.close();
      await domain.destroy();
      await closed;
      await this.attachments.guestEnded(domain.id);
      await store.transaction((tx) => forgetGuest(tx, domain.id, uuid));
      await platform[Symbol.asyncDispose]();
      this.platform.forget(domain.id);
    };
    return { domain, platform, end: () => (ended ??= end()) };
  }

  /** Allows a worker its next round, and waits for what came of it: for ever, or until something was found. */
  async round(guest: DomainId, number: number): Promise<string> {
    const data = `/local/domain/${guest}/data`;
    this.server.write(`${data}/round`, String(number));
    let done = '';
    while (!done.startsWith(`${number} `) && this.findingsCount === 0) {
      await sleep(BETWEEN_LOOKS_MS);
      done = this.server.read(`${data}/done`) ?? '';
    }
    return done.slice(done.indexOf(' ') + 1);
  }

  attach(guest: DomainId, text: string) {
    return this.attachments.attach(guest, notations.xlSpec.parse(`${text},seize=1`));
  }

  #heard(event: PcibackEvent): void {
    for (const listener of this.listeners) listener(event);
    if (event.event !== 'operation_failed') return;
    // Interrupts that a guest may not have are refused by an error of their own; anything else is a fault of ours.
    const code = (event.error as { readonly code?: unknown }).code;
    if (code !== 'INTERRUPT_REFUSED')
      this.find(`command ${event.command} met a fault of ours: ${String(event.error)}`);
  }

  #watch(address: PciAddress): void {
    const fn = this.machine.open(address);
    this.#hardware.set(address.sbdf, fn);
    const allowed = new AllowedWrites((offset, width) => fn.config.read(offset, width));
    this.machine.watchConfig(address, (write) => {
      this.onHardwareWrite(address, write);
      const { serving } = this.platform;
      const cause = serving === undefined ? 'step' : this.causeOf(serving, address, write);
      if (cause === 'nothing') {
        this.find(
          `a write that was not asked for: ${JSON.stringify({ address: String(address), ...write })}`,
        );
        return;
      }
      this.hardwareWrites[cause]++;
      const refusal = allowed.refusal(cause, write);
      if (refusal !== undefined) this.find(`a write outside of the table: ${String(address)}: ${refusal}`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.guests.list().map(({ domain }) => this.guests.destroy(domain)));
    await this.attachments[Symbol.asyncDispose]();
    await this.pciback[Symbol.asyncDispose]();
    await this.platform[Symbol.asyncDispose]();
    await this.xen[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    this.machine[Symbol.dispose]();
  }
}

function there<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('the host has not been started');
  return part;
}
