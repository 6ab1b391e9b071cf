/** An embedded host for tests: a simulated machine, guests that run programs of `test/guests`, and what they report. */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import {
  EmbeddedHost,
  type EmbeddedHostOptions,
  type GuestInfo,
  type GuestOptions,
  type HostEvent,
} from '../../src/admin/index.js';
import { parseMachine, SimMachine, type SimOptions } from '../../src/machines/sim/index.js';
import { notations, type PciAddress } from '../../src/pci/index.js';
import type { DomainEnd } from '../../src/xen/local/index.js';
import { until } from '../until.js';

export class TestHost implements AsyncDisposable {
  readonly host: EmbeddedHost;
  readonly machine: SimMachine;
  readonly events: readonly HostEvent[];

  private constructor(host: EmbeddedHost, machine: SimMachine, events: readonly HostEvent[]) {
    this.host = host;
    this.machine = machine;
    this.events = events;
  }

  /** Without a description it is the machine of users. `patience` is that of the tool stack, in milliseconds. */
  static async start(
    description?: string,
    { patience, recovery, ...options }: SimOptions & Pick<EmbeddedHostOptions, 'patience' | 'recovery'> = {},
  ): Promise<TestHost> {
    const machine = new SimMachine(
      description === undefined ? undefined : parseMachine(description),
      options,
    );
    const events: HostEvent[] = [];
    const host = await EmbeddedHost.start({
      machine,
      onEvent: (event) => events.push(event),
      ...(patience === undefined ? {} : { patience }),
      ...(recovery === undefined ? {} : { recovery }),
    });
    return new TestHost(host, machine, events);
  }

  address(text: string): PciAddress {
    return notations.hex.parse(text);
  }

  /** Claims what is the host's, runs a program of `test/guests`, and attaches. */
  async run(
    program: string,
    functions: readonly string[] = [],
    options: Omit<GuestOptions, 'file'> = {},
  ): Promise<GuestInfo> {
    const file = fileURLToPath(new URL(`../guests/${program}.js`, import.meta.url));
    const guest = await this.host.guests.run({ ...options, file });
    for (const text of functions) await this.attach(guest, text);
    return guest;
  }

  /** As {@link run}, but the guest starts when it has its functions. */
  async runCold(
    program: string,
    functions: readonly string[],
    options: Omit<GuestOptions, 'file'> = {},
  ): Promise<GuestInfo> {
    const guest = await this.run(program, functions, { ...options, paused: true });
    await this.host.guests.unpause(guest.domain);
    return guest;
  }

  attach(guest: GuestInfo, text: string, force = false) {
    return this.host.attachments.attach(
      guest.domain,
      notations.xlSpec.parse(text.includes(',') ? text : `${text},seize=1`),
      { force },
    );
  }

  detach(guest: GuestInfo, text: string, force = false) {
    return this.host.attachments.detach(guest.domain, this.address(text), { force });
  }

  /** A key that the guest wrote below its `data`, once it is there. */
  async report(guest: GuestInfo, key: string): Promise<string> {
    const path = `/local/domain/${guest.domain}/data/${key}`;
    let value: string | undefined;
    await this.until(`${path} of ${guest.name}`, () => (value = this.host.store.read(path)) !== undefined);
    return value ?? '';
  }

  /** How a guest has ended, once nothing of it is left; also when that was before the question. */
  async ended({ domain, name }: GuestInfo): Promise<DomainEnd> {
    let end: DomainEnd | undefined;
    await this.until(`the end of ${name}`, () => {
      for (const { of, event } of this.events.filter((one) => one.of === 'guest'))
        if (of === 'guest' && event.guest === domain && event.event === 'ended') end = event.end;
      return end !== undefined && !this.host.guests.list().some((one) => one.domain === domain);
    });
    assert.ok(end !== undefined);
    return end;
  }

  until(what: string, condition: () => boolean): Promise<void> {
    return until(condition, () => `${what} did not come; ${this.output().join('\n')}`);
  }

  /** What the guests printed. */
  output(): readonly string[] {
    return this.events.flatMap((event) =>
      event.of === 'guest' && event.event.event === 'output' ? [event.event.line] : [],
    );
  }

  /** The state of a function in the pool. */
  state(text: string): string | undefined {
    const address = this.address(text);
    return this.host.pool.list().find((member) => member.address.equals(address))?.state;
  }

  /** Nothing of the guest is left, and what it had is free. */
  assertGone(guest: GuestInfo, ...functions: readonly string[]): void {
    const left = [...this.host.store.nodes()]
      .map(({ path }) => path)
      .filter((path) => path.split('/').includes(String(guest.domain)));
    assert.deepEqual(left, []);
    for (const text of functions) assert.equal(this.state(text), 'free', text);
    assert.deepEqual(
      this.host.guests.list().filter(({ domain }) => domain === guest.domain),
      [],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host[Symbol.asyncDispose]();
  }
}
