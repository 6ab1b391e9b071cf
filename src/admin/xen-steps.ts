/** What a claim and a release do on Xen besides the drivers: the quarantine, and what libxl must know. */
import { z } from 'zod';
import { stepShape, type Step, type StepPerformer } from '../change/index.js';
import { notations, type PciAddress } from '../pci/index.js';
import { ADDRESS_TEXT } from '../pool/index.js';
import type { XenPlatform } from '../xen/platform.js';
import type { LibxlMemory } from './libxl-memory.js';

const driver = z.string();

/** libxl knows the former driver `after` from now on: none where absent. */
const NOTE_DRIVER = stepShape('note_driver', {
  subject: ADDRESS_TEXT,
  before: driver.exactOptional(),
  after: driver.exactOptional(),
});

/** The IOMMU keeps the function's DMA away from everything, or does so no more. */
const QUARANTINE = stepShape('quarantine', { subject: ADDRESS_TEXT, on: z.boolean() });

type NoteDriver = Readonly<z.output<typeof NOTE_DRIVER>>;
type Quarantine = Readonly<z.output<typeof QUARANTINE>>;

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
  return [driverNoter(libxl), quarantiner(xen)];
}

function driverNoter(libxl: LibxlMemory): StepPerformer<NoteDriver> {
  const set = ({ subject }: NoteDriver, former: string | undefined) => {
    const address = notations.hex.parse(subject);
    return former === undefined ? libxl.forget(address) : libxl.rememberDriver(address, former);
  };
  return {
    kind: 'note_driver',
    shape: NOTE_DRIVER,
    describe: ({ subject, after }) =>
      after === undefined
        ? `forget in XenStore who drove ${subject}`
        : `note in XenStore, for xl, that ${after} drove ${subject}`,
    describeUndo: ({ before }) => (before === undefined ? 'remove the note' : `note ${before} again`),
    apply: (step) => set(step, step.after),
    undo: (step) => set(step, step.before),
  };
}

function quarantiner({ assignment }: XenPlatform): StepPerformer<Quarantine> {
  const set = ({ subject }: Quarantine, on: boolean) => {
    const address = notations.hex.parse(subject);
    if (on) assignment.quarantine(address);
    else assignment.unquarantine(address);
  };
  return {
    kind: 'quarantine',
    shape: QUARANTINE,
    describe: ({ subject, on }) =>
      on
        ? `put ${subject} into Xen's quarantine, where its DMA reaches nothing`
        : `take ${subject} out of Xen's quarantine`,
    describeUndo: ({ on }) => (on ? 'take it out' : 'put it back'),
    apply: (step) => {
      set(step, step.on);
    },
    undo: (step) => {
      set(step, !step.on);
    },
  };
}
