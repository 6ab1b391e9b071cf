/** What connects a guest with its back end: its page, its event channel, and the two dialogues that go over them. */
import type { DomainId } from '../xen/domain.js';
import { BackAerPage, SharedPage } from '../xen/pciif/index.js';
import type { EventChannel, EventPort, ForeignPage, GrantReference, XenPlatform } from '../xen/platform.js';
import { AerDialogue } from './aer-dialogue.js';
import type { ExportedFunction } from './exported-function.js';
import { OperationHandler } from './operation-handler.js';
import type { StageClock } from './stage-clock.js';
import type { Topology } from './topology.js';

export interface GuestConnectionOptions {
  readonly platform: XenPlatform;
  readonly guest: DomainId;
  /** What the front end published. */
  readonly page: GrantReference;
  readonly port: EventPort;
  readonly topology: Topology<ExportedFunction>;
  readonly clock: StageClock | undefined;
  /** An operation that a guest could not cause to fail; told once of each kind, function by function. */
  readonly onOperationFailed: (command: number, devfn: number, error: unknown) => void;
  /** The connection is of no use any more, and closed. */
  readonly onBroken: (error: unknown) => void;
}

export class GuestConnection {
  /** The front end said that it handles errors. */
  readonly aerHandler: boolean;
  readonly dialogue: AerDialogue;
  readonly #page: ForeignPage;
  readonly #channel: EventChannel;
  readonly #handler: OperationHandler;
  readonly #onBroken: GuestConnectionOptions['onBroken'];

  /** @throws {XenCallError} the page cannot be mapped, or the port not be bound. */
  constructor({ platform, guest, page, port, topology, clock, ...told }: GuestConnectionOptions) {
    this.#onBroken = told.onBroken;
    this.#page = platform.mapGrant(guest, page);
    const shared = new SharedPage(this.#page.bytes);
    this.aerHandler = shared.hasAerHandler;
    // Each kind of failure once for each function: a guest can repeat them as fast as it likes (XSA-130).
    const failed = new Set<string>();
    const onFault = ({ command, devfn }: { command: number; devfn: number }, error: unknown) => {
      if (failed.size === failed.add(`${command} ${devfn}`).size) return;
      told.onOperationFailed(command, devfn, error);
    };
    this.#handler = new OperationHandler(shared, topology, onFault, clock);
    this.dialogue = new AerDialogue(new BackAerPage(this.#page.bytes), () => {
      this.notify();
    });
    try {
      this.#channel = platform.bindChannel(guest, port, () => {
        const asked = this.answer();
        const answered = this.dialogue.wake();
        return asked || answered;
      });
    } catch (cause) {
      this.#page.close();
      throw cause;
    }
  }

  notify(): void {
    this.#channel.notify();
  }

  /** Answers the request that waits in the page. @returns true when there was one. */
  answer(): boolean {
    try {
      const answered = this.#handler.service();
      if (answered) this.notify();
      return answered;
    } catch (error) {
      // Nothing that one guest's channel does may end the owner of all.
      this.#onBroken(error);
      return false;
    }
  }

  /** Lets go of both. @returns what that met. */
  close(): readonly unknown[] {
    this.dialogue.close();
    return [this.#channel, this.#page].flatMap((part) => {
      try {
        part.close();
        return [];
      } catch (error) {
        return [error];
      }
    });
  }
}
