/** `xl:FILE` and `libvirt:FILE`: the file that a guest is started from, where `attach` and `detach` name a guest. */
import {
  ClaimUnsafeError,
  describeFinding,
  examineClaim,
  refused,
  type FindingData,
} from '../admin/findings/index.js';
import { planGuestFile, type GuestFileFormat, type GuestFileWish } from '../admin/guest-files/index.js';
import { planOf } from '../admin/plan/index.js';
import { notations, visibleText, type PciAddress, type XlSpec } from '../pci/index.js';
import { criticalFunctions } from './critical-option.js';
import { printPlan } from './dry-run.js';
import { fileChanges, fileDiff, shownDiff, withFileChanges } from './file-changes.js';
import { functionNames } from './function-names.js';
import type { GuestPlace, PlaceAttachOptions } from './guest-place.js';
import { openChosen, type MachineChoice } from './machine-option.js';
import { nextHere } from './next-command.js';

/** How a place of one format is attached to and detached from. */
export function guestFilePlace(format: GuestFileFormat): GuestPlace {
  return {
    called: 'files that guests are started from',
    attachOptions: ['evenIfCritical'],
    detachOptions: [],
    async attach(file, texts, options) {
      const specs = texts.map((text) => notations.xlSpec.parse(text));
      const findings = await seizedFindings(format, specs, options);
      const left = refused(findings, {
        allowed: options.allow,
        evenIfCritical: await criticalFunctions(options),
      });
      if (left.length > 0 && options.dryRun !== true)
        throw new ClaimUnsafeError(`openslot attach ${format.prefix}:${file} ${texts.join(' ')}`, left);
      await make({ way: 'attach', format, file, specs }, findings, options);
    },
    async detach(file, texts, options) {
      const specs = texts.map((text) => notations.xlSpec.parse(text));
      await make({ way: 'detach', format, file, specs }, [], options);
    },
  };
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
  const misnamed = await functionNames(choice).misnamed(seized);
  return examineClaim(seized, { machine, purpose, misnamed }).map(describeFinding);
}

async function make(
  wish: GuestFileWish,
  findings: readonly FindingData[],
  { dryRun = false, json = false }: Pick<PlaceAttachOptions, 'dryRun' | 'json'>,
): Promise<void> {
  // Planned where nobody else can change files: what is shown is what is done.
  const plan = dryRun
    ? planGuestFile(wish)
    : await withFileChanges(async (changes) => {
        const planned = planGuestFile(wish);
        if (planned.change.steps.length > 0) await changes.apply(planned.change);
        return planned;
      });
  const { change, file, after, afterwards } = plan;
  const isChanged = change.steps.length > 0;
  const planned = planOf(fileChanges(), change, findings);
  const diff = isChanged ? fileDiff({ file, after }) : '';
  if (json) {
    const data = { ...planned, diff, afterwards, changed: isChanged && !dryRun };
    process.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`);
    return;
  }
  process.stdout.write(shownDiff(diff));
  if (dryRun) {
    await printPlan(planned, {});
    return;
  }
  for (const { severity, code, message, why } of findings)
    process.stderr.write(`${severity}  ${code}: ${message}; ${why}\n`);
  const done = isChanged
    ? [
        ...planned.steps.map(({ what }) => `done  ${what}`),
        ...afterwards.map((next) => `next  ${nextHere(next)}`),
      ]
    : ['nothing has to be changed: the file says so already'];
  process.stdout.write(done.map((line) => `${visibleText(line)}\n`).join(''));
}
