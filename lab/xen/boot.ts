/** One boot of the lab: prepares everything, starts the machine, follows its console to the end of the script. */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../cache.js';
import { lastLines } from '../failure.js';
import { prepareRoot } from '../packages.js';
import type { LabRoot } from '../root.js';
import { indented } from '../checks.js';
import { Facts } from './facts.js';
import { buildImages, type Images } from './images.js';
import { PhaseClock } from '../phase-clock.js';
import { Machine, type ConsoleLine, type QemuOptions } from '../qemu.js';
import { commandLine, type MachineOptions } from './qemu.js';

export interface BootOptions {
  /** One of lab/xen/guest. */
  readonly script: string;
  /** Become LAB_… variables of the script: `{ 'back-end': 'kernel' }` is LAB_BACK_END=kernel. */
  readonly variables: Readonly<Record<string, string>>;
  readonly disks: 1 | 2;
  readonly limitSeconds: number;
  /** Absent: one. */
  readonly processors?: 1 | 2;
  /** Tells this machine's lines from those of one beside it. */
  readonly label?: string;
  /** More words for dom0's kernel. */
  readonly words?: readonly string[];
  /** Folders that dom0 finds in /lab, by their names there. */
  readonly folders?: Readonly<Record<string, string>>;
  readonly onLine?: (line: ConsoleLine) => void;
  /** A phase of the script is over, and its facts and files are there; the machine goes on. */
  readonly onPhaseEnd?: (phase: string, left: Pick<Boot, 'facts' | 'work'>) => void;
}

export interface Boot {
  /** `end`: the script ran to its end. Anything else has been explained on the terminal. */
  readonly outcome: 'end' | 'time-out' | 'crash';
  readonly facts: Facts;
  readonly images: Images;
  readonly work: string;
}

/** What every boot of one command shares: prepared once. */
export interface Lab {
  readonly cache: string;
  readonly root: LabRoot;
  readonly images: Images;
}

export async function prepareLab(): Promise<Lab> {
  const cache = cacheFolder();
  const root = await prepareRoot(cache);
  return { cache, root, images: await buildImages(root) };
}

/** How Xen and Linux announce that they will not go on. */
const panic = /Panic on CPU|Dom(ain )?0 crashed|Kernel panic - not syncing/;

/** `lab` where several boots share it. */
export async function boot(options: BootOptions, lab?: Lab): Promise<Boot> {
  const { machine: parts, work } = machineOf(lab ?? (await prepareLab()), options);
  const lines: string[] = [];
  const clock = new PhaseClock('hypervisor and kernel', options.label);
  let reached: (outcome: Boot['outcome']) => void = () => undefined;
  const outcome = new Promise<Boot['outcome']>((resolve) => (reached = resolve));
  const machine = new Machine(qemuOf(parts, false), (line) => {
    if (line.text.trim() !== '') lines.push(line.text);
    const over = clock.hear(line);
    if (over !== undefined) options.onPhaseEnd?.(over, { facts: new Facts(work), work });
    options.onLine?.(line);
    if (line.text.includes('LAB broken')) console.log(line.text);
    if (line.text.includes('LAB end')) reached('end');
    // A moment for the rest of what it says; rebooting, which would end QEMU, takes Xen half a minute.
    if (panic.test(line.text)) setTimeout(reached, 1000, 'crash');
  });
  const limit = setTimeout(() => {
    reached('time-out');
  }, options.limitSeconds * 1000);
  void machine.ended.then(() => {
    reached('crash');
  });
  const how = await outcome;
  clearTimeout(limit);
  clock.finish(machine.elapsed);
  await machine.stop();
  const facts = new Facts(work);
  if (how !== 'end') explain(how, options, lines, facts);
  return { outcome: how, facts, images: parts.images, work };
}

/** dom0's shell on this terminal. */
export async function shell(): Promise<void> {
  const { machine: parts, work } = machineOf(await prepareLab(), {
    script: 'shell.sh',
    variables: {},
    disks: 1,
  });
  console.log(`Xen says its piece first; the shell comes after some 15 s. The run's folder is ${work}`);
  const machine = new Machine(qemuOf(parts, true), () => undefined);
  await machine.ended;
}

function machineOf(
  { cache, root, images }: Lab,
  options: Pick<BootOptions, 'script' | 'variables' | 'disks' | 'processors' | 'label' | 'words' | 'folders'>,
) {
  const own = [new Date().toISOString().replace(/[:.]/g, '-'), process.pid, options.label ?? []].flat();
  const work = join(cache, 'runs', own.join('-'));
  mkdirSync(work, { recursive: true });
  const variables = Object.entries({ script: options.script, ...options.variables });
  const words = [...variables.map(([name, value]) => `lab.${name}=${value}`), ...(options.words ?? [])];
  for (const [name, folder] of Object.entries(options.folders ?? {}))
    cpSync(folder, join(work, name), { recursive: true });
  const { disks, processors = 1 } = options;
  return { machine: { root, images, work, words, processors, disks: images.disks.slice(0, disks) }, work };
}

function qemuOf(parts: Omit<MachineOptions, 'interactive'>, interactive: boolean): QemuOptions {
  const { root, work } = parts;
  return { root, arguments: commandLine({ ...parts, interactive }), folder: work, interactive };
}

function explain(how: Boot['outcome'], options: BootOptions, lines: readonly string[], facts: Facts): void {
  const what =
    how === 'time-out'
      ? `No end after ${options.limitSeconds} s`
      : 'Xen or dom0 crashed, or QEMU ended, before the script did';
  console.log(`${what}. The console's last lines:\n${indented(lines.slice(-40).join('\n'))}`);
  for (const log of ['script.log', 'serve.log']) {
    const text = facts.file(log);
    if (text !== '') console.log(`${log}:\n${indented(lastLines(text, 40))}`);
  }
}
