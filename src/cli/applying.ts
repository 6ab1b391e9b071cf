/** The deeds that make a host as it is wanted, asked of whoever owns it: as a plan, and done. */
import {
  ApplyHalfDoneError,
  type Deed,
  type FoundFunction,
  type WantedPolicy,
} from '../admin/desired/index.js';
import type { PrintedPlan } from '../admin/plan/plan-text.js';
import { deviceIdsText } from '../admin/policies/index.js';
import { notations, reasonOf, type XlSpec } from '../pci/index.js';
import { functionNames } from './function-names.js';
import type { HostDifference } from './host-difference.js';
import type { MachineChoice } from './machine-option.js';
import { askOwnerOf } from './machine-view.js';
import { askHost } from './ownership.js';
import { keptPolicies } from './sound-policy.js';
import { waitingFor } from './waiting.js';

/** What takes a deed back. */
interface Undo {
  readonly what: string;
  readonly run: () => unknown;
}

type DeedOf<Kind extends Deed['kind']> = Extract<Deed, { readonly kind: Kind }>;

export interface Applying {
  /** What would be found, and each step; nothing is changed. */
  plan(what: string): Promise<PrintedPlan>;
  /** Names, policies, releases and claims together or not at all; then guest by guest. */
  run(): Promise<void>;
}

export function applying({ deeds }: HostDifference, choice: MachineChoice): Applying {
  const of = <Kind extends Deed['kind']>(kind: Kind) =>
    deeds.filter((deed): deed is DeedOf<Kind> => deed.kind === kind);
  const releases = of('release');
  const claims = [...grouped(of('claim'), ({ purpose }) => purpose).values()];
  const guests = [...grouped(of('attach'), ({ guest }) => guest)];
  return {
    plan: async (what) => {
      const plans: Pick<PrintedPlan, 'findings' | 'steps'>[] = [
        { findings: [], steps: [...of('name').map(nameStep), ...of('policy').map(policyStep)] },
      ];
      if (releases.length > 0)
        plans.push(await askHost(choice, 'plan_release', { addresses: releases.map(addressText) }));
      for (const group of claims) plans.push(await askHost(choice, 'plan_claim', claimWish(group)));
      plans.push({ findings: [], steps: of('attach').map(attachStep) });
      return {
        what,
        findings: plans.flatMap(({ findings }) => findings),
        steps: plans.flatMap(({ steps }) => steps),
      };
    },
    run: async () => {
      const undo: Undo[] = [];
      try {
        const names = functionNames(choice);
        for (const { found, name } of of('name')) {
          await names.give(name, found.address);
          undo.push({
            what: `forgetting ${name}`,
            run: () => {
              names.remove(name);
            },
          });
        }
        for (const { policy } of of('policy')) undo.push(keep(policy));
        if (releases.length > 0) {
          const addresses = releases.map(addressText);
          await askHost(choice, 'release', { addresses });
          for (const again of [...grouped(releases, purposeBefore).values()])
            undo.push({
              what: `claiming ${again.map(addressText).join(' ')} again`,
              run: () => askHost(choice, 'claim', claimAgain(again)),
            });
        }
        for (const group of claims) {
          await askHost(choice, 'claim', claimWish(group));
          undo.push({
            what: `releasing ${group.map(addressText).join(' ')}`,
            run: () => askHost(choice, 'release', { addresses: group.map(addressText) }),
          });
        }
      } catch (cause) {
        await takeBack(undo, cause);
        throw cause;
      }
      for (const [guest, group] of guests) {
        const specs = group.map(({ found }) => notations.xlSpec.format(specOf(found)));
        await waitingFor(
          `guest ${guest}`,
          askOwnerOf(choice, 'attach', { guest, specs, ...permission(group) }),
        );
      }
    },
  };
}

/** In the order in which the groups begin. */
function grouped<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

/** Last done, first undone. @throws {ApplyHalfDoneError} */
async function takeBack(undo: readonly Undo[], cause: unknown): Promise<void> {
  const left: string[] = [];
  for (const { what, run } of undo.toReversed()) {
    try {
      await run();
    } catch (error) {
      left.push(`${what}: ${reasonOf(error)}`);
    }
  }
  if (left.length > 0) throw new ApplyHalfDoneError(reasonOf(cause), left, { cause });
}

function addressText({ found }: Deed): string {
  return String(found.address);
}

function permission(group: readonly Deed[]) {
  return {
    allow: [...new Set(group.flatMap(({ found }) => found.wanted.allow ?? []))],
    evenIfCritical: group.filter(({ found }) => found.wanted.even_if_critical !== undefined).map(addressText),
  };
}

function claimWish(group: readonly DeedOf<'claim'>[]) {
  const purpose = group[0]?.purpose;
  return {
    addresses: group.map(addressText),
    ...(purpose === undefined ? {} : { purpose }),
    ...permission(group),
  };
}

/** Who held it tells whom it was claimed for. */
function purposeBefore({ found }: Deed): 'vfio' | 'uio' | undefined {
  const holder = found.pool?.holder;
  if (holder === 'vfio-pci') return 'vfio';
  return holder === 'uio_pci_generic' ? 'uio' : undefined;
}

function claimAgain(group: readonly DeedOf<'release'>[]) {
  const [first] = group;
  const purpose = first === undefined ? undefined : purposeBefore(first);
  return { addresses: group.map(addressText), ...(purpose === undefined ? {} : { purpose }) };
}

function specOf({ address, wanted }: FoundFunction): XlSpec {
  return {
    target: { kind: 'function', address },
    virtualSlot: wanted.slot,
    seize: false,
    permissive: false,
    msitranslate: false,
    powerManagement: false,
    rdmPolicy: 'strict',
  };
}

function nameStep({ found, name }: DeedOf<'name'>) {
  return { what: `name ${found.address} ${name}`, undo: `forget the name ${name}` };
}

/** Keeps a policy for its device. @returns what puts the former one back. @throws {PolicyFileError} */
function keep({ device, text }: WantedPolicy): Undo {
  const kept = keptPolicies();
  const former = kept.text(device);
  kept.set(device, text);
  return {
    what: `keeping the former policy of ${deviceIdsText(device)}`,
    run: () => {
      if (former === undefined) kept.remove(device);
      else kept.set(device, former);
    },
  };
}

function policyStep({ found, policy }: DeedOf<'policy'>) {
  const device = deviceIdsText(policy.device);
  return {
    what: `keep ${policy.file} as what guests may write in ${found.address} (${device})`,
    undo: `keep what was kept for ${device}`,
  };
}

function attachStep({ found, guest }: DeedOf<'attach'>) {
  const { slot } = found.wanted;
  const where = slot === undefined ? '' : `, in slot ${slot}`;
  return {
    what: `give ${found.address} to guest ${guest}${where}`,
    undo: `openslot detach ${guest} ${found.address}`,
  };
}
