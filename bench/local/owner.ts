/** The owner of an embedded machine with bells, and guests in it that do what the bench asks of them. */
import { fileURLToPath } from 'node:url';
import { LabFailure } from '../../lab/failure.js';
import { describeEnd, EmbeddedHost, type GuestInfo } from '../../src/admin/index.js';
import { SimMachine } from '../../src/machines/sim/index.js';
import { notations, PciAddress, type XlSpec } from '../../src/pci/index.js';
import type { Watch } from '../../src/xen/store/index.js';
import { bell } from './bell.js';
import type { Dialogue, Subject } from './guest.js';

const FIRST_SLOT = 1;
const GUEST = fileURLToPath(new URL('guest.js', import.meta.url));

/** Address of the bell with that number, from 0 on. */
export function bellAddress(index: number): PciAddress {
  return new PciAddress(0, index >> 4, FIRST_SLOT + (index & 15), 0);
}

export class BenchOwner implements AsyncDisposable {
  readonly host: EmbeddedHost;
  readonly machine: SimMachine;
  /** What guests printed, which is never expected. */
  readonly #printed: readonly string[];

  private constructor(host: EmbeddedHost, machine: SimMachine, printed: string[]) {
    this.host = host;
    this.machine = machine;
    this.#printed = printed;
  }

  /** A machine with at least so many bells, sixteen on a root bus. */
  static async start(bells: number): Promise<BenchOwner> {
    const roots = Array.from({ length: Math.ceil(bells / 16) }, (_, bus) => ({
      bus,
      slots: Array.from({ length: 16 }, (_slot, index) => ({
        slot: (FIRST_SLOT + index).toString(16).padStart(2, '0'),
        model: bell.name,
      })),
    }));
    const machine = new SimMachine({ roots }, { kinds: [bell] });
    const printed: string[] = [];
    const host = await EmbeddedHost.start({
      machine,
      onEvent: (event) => {
        if (event.of === 'guest' && event.event.event === 'output') printed.push(event.event.line);
      },
    });
    return new BenchOwner(host, machine, printed);
  }

  /** A guest that runs, and has no function yet. */
  async run(name: string): Promise<BenchGuest> {
    const info = await this.host.guests.run({ file: GUEST, name });
    return BenchGuest.meet(this.host, info, this.#printed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host[Symbol.asyncDispose]();
  }
}

/** A guest that answers one question at a time, through two keys of its own. */
export class BenchGuest {
  readonly info: GuestInfo;
  readonly #host: EmbeddedHost;
  readonly #printed: readonly string[];
  #watch: Watch | undefined;
  #onAnswer: (answer: unknown) => void = () => undefined;
  #onFailure: (error: Error) => void = () => undefined;
  #asked = 0;

  private constructor(host: EmbeddedHost, info: GuestInfo, printed: readonly string[]) {
    this.#host = host;
    this.info = info;
    this.#printed = printed;
    void host.xen.domain(info.domain)?.ended.then((end) => {
      this.#onFailure(
        new LabFailure(`The guest ended: ${describeEnd(end)}\n${this.#printed.slice(-20).join('\n')}`),
      );
    });
  }

  static async meet(host: EmbeddedHost, info: GuestInfo, printed: readonly string[]): Promise<BenchGuest> {
    const guest = new BenchGuest(host, info, printed);
    const ready = guest.#answer();
    guest.#watch = await host.xen.platform.store.watch(guest.#path('answer'), () => {
      guest.#hear();
    });
    await ready;
    return guest;
  }

  async attach(address: PciAddress): Promise<void> {
    const spec: XlSpec = notations.xlSpec.parse(`${String(address)},seize=1`);
    await this.#host.attachments.attach(String(this.info.domain), spec);
  }

  async detach(address: PciAddress): Promise<void> {
    await this.#host.attachments.detach(String(this.info.domain), { kind: 'function', address });
  }

  /** Settles with the answer; the owner's thread is free meanwhile. @throws {LabFailure} the guest ended. */
  async ask<S extends Subject>(
    subject: S,
    question: Dialogue[S]['question'],
  ): Promise<Dialogue[S]['answer']> {
    const asked = { number: ++this.#asked, subject, question };
    const answer = this.#answer();
    this.#host.store.write(this.#path('question'), JSON.stringify(asked));
    return (await answer) as Dialogue[S]['answer'];
  }

  async destroy(): Promise<void> {
    this.#onFailure = () => undefined;
    await this.#watch?.unwatch();
    await this.#host.guests.destroy(this.info.domain);
  }

  #path(key: string): string {
    return `/local/domain/${this.info.domain}/data/${key}`;
  }

  #answer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#onAnswer = resolve;
      this.#onFailure = reject;
    });
  }

  #hear(): void {
    const text = this.#host.store.read(this.#path('answer'));
    if (text === undefined) return;
    const { number, answer } = JSON.parse(text) as { readonly number: number; readonly answer: unknown };
    if (number === this.#asked) this.#onAnswer(answer);
  }
}
