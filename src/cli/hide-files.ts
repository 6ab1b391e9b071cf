/** What `hide` and `unhide` have in common: from the functions that were named to the files that are changed. */
import {
  ClaimUnsafeError,
  describeFinding,
  examineClaim,
  HideFileElsewhereError,
  planHide,
  refused,
  type FindingData,
  type FindingName,
  type FreebsdKeeper,
  type HidePlan,
  type HideSystem,
} from '../admin/index.js';
import type { HiddenFunction } from '../boot/index.js';
import type { DescribedStep } from '../change/index.js';
import type { FunctionSummary } from '../function/index.js';
import { stateFiles } from '../owner/index.js';
import { visibleText, type PciAddress } from '../pci/index.js';
import { checkAssignableKind } from '../pool/index.js';
import { criticalFunctions, type CriticalChoice } from './critical-option.js';
import { printPlan, type DryRunChoice } from './dry-run.js';
import { fileChanges, fileDiff, shownDiff, withFileChanges } from './file-changes.js';
import { functionNames } from './function-names.js';
import { machineOfItsOwn, openChosen, type MachineChoice } from './machine-option.js';
import { functionsNamed } from './named-function.js';
import { nextHere, shellWord, withNextHere } from './next-command.js';

export interface HideOptions extends MachineChoice, DryRunChoice, Partial<CriticalChoice> {
  readonly for: HideSystem;
  readonly file?: string;
  readonly keeper: FreebsdKeeper;
  readonly allow?: readonly FindingName[];
  readonly json?: boolean;
}

/** Systems that run on the machine whose functions are named; the files of the others are another machine's. */
const OF_THIS_MACHINE: ReadonlySet<HideSystem> = new Set(['xen', 'vfio']);

export async function changeHidden(
  way: 'hide' | 'unhide',
  texts: readonly string[],
  options: HideOptions,
): Promise<void> {
  if (options.file === undefined && !isThisHost(options)) throw new HideFileElsewhereError(options.on ?? '');
  const addresses = await functionsNamed(texts, options);
  const looks = OF_THIS_MACHINE.has(options.for) || options.on !== undefined;
  const { present, findings } = looks
    ? await lookedAt(addresses, options)
    : { present: undefined, findings: [] };
  if (way === 'hide') checkHideable(addresses, present ?? []);
  const told = way === 'hide' ? findings : [];
  const forbidding = refused(told, {
    allowed: options.allow ?? [],
    evenIfCritical: await criticalFunctions({ ...options, evenIfCritical: options.evenIfCritical ?? [] }),
  });
  const file = options.file === undefined ? '' : ` --file ${shellWord(options.file)}`;
  const command = `openslot hide ${texts.join(' ')} --for ${options.for}${file}`;
  if (forbidding.length > 0 && options.dryRun !== true) throw new ClaimUnsafeError(command, forbidding);
  const wish = {
    way,
    system: options.for,
    file: options.file,
    keeper: options.keeper,
    functions: addresses.map((address, index) => ({
      ...idsOf(address, present),
      name: texts[index] ?? String(address),
    })),
    present: present?.map(({ address }) => idsOf(address, present)),
    when: new Date().toISOString(),
    records: isThisHost(options) ? stateFiles().hidden : undefined,
  };
  const missing = absent(addresses, present);
  if (options.dryRun === true) {
    const plan = planHide(wish);
    const steps = fileChanges().describe(plan.change.steps);
    if (options.json) {
      printData(plan, told, missing, { steps });
      return;
    }
    printDiffs(plan);
    process.stdout.write(missing.map((address) => `${absentNote(address)}\n`).join(''));
    await printPlan({ what: plan.change.what, findings: told, steps }, options);
    return;
  }
  // Planned where nobody else can change them, so that what is shown is what is done.
  await withFileChanges(async (changes) => {
    const plan = planHide(wish);
    if (options.json !== true) printDiffs(plan);
    if (plan.change.steps.length > 0) await changes.apply(plan.change);
    printOutcome(plan, told, options.json ?? false, missing);
  });
}

/** Its boot files are those of the usual places, and its boots are seen here. */
function isThisHost({ on = 'linux' }: MachineChoice): boolean {
  return on === '' || on === 'linux';
}

/** A kernel that hides a bridge hides all behind it. @throws {NotAssignableError} */
function checkHideable(addresses: readonly PciAddress[], present: readonly FunctionSummary[]): void {
  for (const { address, headerType, classCode } of present)
    if (addresses.some((each) => each.equals(address)))
      checkAssignableKind(address, headerType, classCode >>> 16);
}

function printDiffs({ edits }: HidePlan): void {
  for (const edit of edits) process.stdout.write(shownDiff(fileDiff(edit)));
}

function idsOf(address: PciAddress, present: readonly FunctionSummary[] | undefined): HiddenFunction {
  const own = present?.find((each) => each.address.equals(address));
  return { address, ids: own === undefined ? undefined : { vendor: own.vendor, device: own.device } };
}

async function lookedAt(
  addresses: readonly PciAddress[],
  options: HideOptions,
): Promise<{ readonly present: readonly FunctionSummary[]; readonly findings: readonly FindingData[] }> {
  const purpose = options.for === 'vfio' ? options.for : undefined;
  if (options.on === 'sim' && machineOfItsOwn(options) === undefined) {
    // The machine is in its owner, who alone can look at it.
    const { askSim, viewMachine } = await import('./machine-view.js');
    const { functions } = await viewMachine(options);
    const wish = { addresses: addresses.map(String), ...(purpose === undefined ? {} : { purpose }) };
    return { present: functions, findings: await askSim('examine_claim', wish) };
  }
  using machine = await openChosen(options);
  const misnamed = await functionNames(options).misnamed(addresses);
  return {
    present: machine.list(),
    findings: examineClaim(addresses, { machine, purpose, misnamed }).map(describeFinding),
  };
}

function absent(
  addresses: readonly PciAddress[],
  present: readonly FunctionSummary[] | undefined,
): readonly PciAddress[] {
  if (present === undefined) return [];
  return addresses.filter((address) => !present.some((each) => each.address.equals(address)));
}

function absentNote(address: PciAddress): string {
  return `note  there is no function at ${address} now`;
}

/** `done` is what was made of the plan: its copies of files, or nothing but the steps that there would be. */
function printData(
  { change, edits, afterwards }: HidePlan,
  findings: readonly FindingData[],
  missing: readonly PciAddress[],
  done: { readonly backups: readonly string[] } | { readonly steps: readonly DescribedStep[] },
): void {
  const data = {
    what: change.what,
    changed: 'backups' in done && edits.length > 0,
    findings: withNextHere(findings),
    absent: missing.map(String),
    files: edits.map((edit) => ({ file: edit.file.path, diff: fileDiff(edit) })),
    backups: [],
    ...done,
    afterwards: afterwards.map(nextHere),
  };
  process.stdout.write(`${JSON.stringify(data, undefined, 2)}\n`);
}

function printOutcome(
  plan: HidePlan,
  findings: readonly FindingData[],
  json: boolean,
  missing: readonly PciAddress[],
): void {
  const { change, edits, afterwards } = plan;
  const backups = change.steps.flatMap((step) =>
    'backup' in step && typeof step.backup === 'string' ? [step.backup] : [],
  );
  if (json) {
    printData(plan, findings, missing, { backups });
    return;
  }
  const notes = [
    ...findings.map(({ severity, code, message, why }) => `${severity}  ${code}: ${message}; ${why}`),
    ...missing.map(absentNote),
    ...(edits.length === 0
      ? ['nothing has to be changed: the files say so already']
      : backups.map((backup) => `kept  ${visibleText(backup)}`)),
    ...afterwards.map((command) => `next  ${nextHere(command)}`),
  ];
  process.stdout.write(notes.map((note) => `${note}\n`).join(''));
}
