/** `xl:FILE` and `libvirt:FILE`: the file that a guest is started from, where `attach` and `detach` name a guest. */
import { fileDiff } from '../admin/files/index.js';
import {
  ClaimUnsafeError,
  describeFinding,
  examineClaim,
  refused,
  type FindingData,
} from '../admin/findings/index.js';
import { planGuestFile, type GuestFileFormat, type GuestFilePlan } from '../admin/guest-files/index.js';
import { planOf } from '../admin/plan/index.js';
import { notations, type PciAddress, type XlSpec } from '../pci/index.js';
import { criticalFunctions } from './critical-option.js';
import { printPlan } from './dry-run.js';
import { changeFiles, fileChanges } from './file-change.js';
import type { GuestPlace, PlaceAttachOptions, PlaceDetachOptions } from './guest-place.js';
import { openChosen, type MachineChoice } from './machine-option.js';
import { functionNamed } from './named-function.js';

/** How a place of one format is attached to and detached from. */
export function guestFilePlace(format: GuestFileFormat): GuestPlace {
  return {
    async attach(file, texts, options) {
      const specs = await specsOf(texts, options);
      const plan = planGuestFile({ way: 'attach', format, file, specs });
      const findings = plan.change.steps.length === 0 ? [] : await seizedFindings(format, specs, options);
      const left = refused(findings, {
        allowed: options.allow,
        evenIfCritical: await criticalFunctions(options),
      });
      if (left.length > 0 && options.dryRun !== true)
        throw new ClaimUnsafeError(`openslot attach ${format.prefix}:${file} ${texts.join(' ')}`, left);
      await make(plan, findings, options);
    },
    async detach(file, texts, options) {
      const specs = await specsOf(texts, options);
      await make(planGuestFile({ way: 'detach', format, file, specs }), [], options);
    },
  };
}

/** A name that openslot gave stands for the address of its device: the file's reader does not know it. */
async function specsOf(texts: readonly string[], choice: MachineChoice): Promise<readonly XlSpec[]> {
  const specs: XlSpec[] = [];
  for (const text of texts) {
    const spec = notations.xlSpec.parse(text);
    const { target } = spec;
    specs.push(
      target.kind === 'name'
        ? { ...spec, target: { kind: 'function', address: await functionNamed(target.name, choice) } }
        : spec,
    );
  }
  return specs;
}

/** What is taken from the host when the guest is started, and not by a claim that is refused where that does harm. */
async function seizedFindings(
  format: GuestFileFormat,
  specs: readonly XlSpec[],
  choice: MachineChoice,
): Promise<readonly FindingData[]> {
  const seized = specs.flatMap(({ target, seize }): readonly PciAddress[] =>
    seize && target.kind !== 'name' ? [target.address] : [],
  );
  if (seized.length === 0) return [];
  using machine = await openChosen(choice);
  const purpose = format.prefix === 'libvirt' ? 'vfio' : undefined;
  return examineClaim(seized, { machine, purpose }).map(describeFinding);
}

async function make(
  plan: GuestFilePlan,
  findings: readonly FindingData[],
  { dryRun = false, json = false }: Pick<PlaceAttachOptions | PlaceDetachOptions, 'dryRun' | 'json'>,
): Promise<void> {
  const { change, file, before, after, afterwards } = plan;
  const planned = planOf(fileChanges(), change, findings);
  const diff = after === before ? [] : fileDiff(file.named, before, after);
  if (json) {
    if (!dryRun) await changeFiles(change);
    process.stdout.write(
      `${JSON.stringify({ ...planned, diff, afterwards, made: !dryRun }, undefined, 2)}\n`,
    );
    return;
  }
  process.stdout.write(diff.map((line) => `${line}\n`).join(''));
  if (dryRun) {
    await printPlan(planned);
    return;
  }
  if (after === before) {
    process.stdout.write(`${file.named} says it already; nothing was changed\n`);
    return;
  }
  await changeFiles(change);
  for (const { what } of planned.steps) process.stdout.write(`done  ${what}\n`);
  for (const next of afterwards) process.stdout.write(`next  ${next}\n`);
}
