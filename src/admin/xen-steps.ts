/** What a claim and a release do on Xen besides the drivers: the quarantine, and what libxl must know. */
import type { Step, StepPerformer } from '../change/index.js';
import { notations, type PciAddress } from '../pci/index.js';
import type { XenPlatform } from '../xen/platform.js';
import type { LibxlMemory } from './libxl-memory.js';

/** libxl knows the former driver `after` from now on: none where absent. */
interface NoteDriver extends Step {
  readonly kind: 'note_driver';
  readonly before?: string;
  readonly after?: string;
}

/** The IOMMU keeps the function's DMA away from everything, or does so no more. */
interface Quarantine extends Step {
  readonly kind: 'quarantine';
  readonly on: boolean;
}

export function noteDriver(
  address: PciAddress,
  before: string | undefined,
  after: string | undefined,
): readonly Step[] {
  if (before === after) return [];
  const step: NoteDriver = {
    kind: 'note_driver',
    subject: String(address),
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
  return [step];
}

export function quarantine(address: PciAddress, on: boolean): Step {
  const step: Quarantine = { kind: 'quarantine', subject: String(address), on };
  return step;
}

export function xenPerformers(xen: XenPlatform, libxl: LibxlMemory): readonly StepPerformer[] {
  return [new DriverNoter(libxl), new Quarantiner(xen)];
}

class DriverNoter implements StepPerformer<NoteDriver> {
  readonly kind = 'note_driver';
  readonly #libxl: LibxlMemory;

  constructor(libxl: LibxlMemory) {
    this.#libxl = libxl;
  }

  describe({ subject, after }: NoteDriver): string {
    return after === undefined
      ? `forget in XenStore who drove ${subject}`
      : `note in XenStore, for xl, that ${after} drove ${subject}`;
  }

  describeUndo({ before }: NoteDriver): string {
    return before === undefined ? 'remove the note' : `note ${before} again`;
  }

  apply(step: NoteDriver): Promise<void> {
    return this.#set(step, step.after);
  }

  undo(step: NoteDriver): Promise<void> {
    return this.#set(step, step.before);
  }

  #set({ subject }: NoteDriver, driver: string | undefined): Promise<void> {
    const address = notations.hex.parse(subject);
    return driver === undefined ? this.#libxl.forget(address) : this.#libxl.rememberDriver(address, driver);
  }
}

class Quarantiner implements StepPerformer<Quarantine> {
  readonly kind = 'quarantine';
  readonly #xen: XenPlatform;

  constructor(xen: XenPlatform) {
    this.#xen = xen;
  }

  describe({ subject, on }: Quarantine): string {
    return on
      ? `put ${subject} into Xen's quarantine, where its DMA reaches nothing`
      : `take ${subject} out of Xen's quarantine`;
  }

  describeUndo({ on }: Quarantine): string {
    return on ? 'take it out' : 'put it back';
  }

  apply(step: Quarantine): void {
    this.#set(step, step.on);
  }

  undo(step: Quarantine): void {
    this.#set(step, !step.on);
  }

  #set({ subject }: Quarantine, on: boolean): void {
    const address = notations.hex.parse(subject);
    if (on) this.#xen.assignment.quarantine(address);
    else this.#xen.assignment.unquarantine(address);
  }
}
