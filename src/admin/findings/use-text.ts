/** What the host does with a function, in words: each use, why it matters, and what ends it. */
import type { HostUse, HostUseKind } from '../../function/index.js';
import type { UseFinding, UseOf } from './finding.js';

/** More are counted. */
const MOST_LISTED = 4;

/** What each kind of use says of the function, before its uses are listed. */
const HEADS: Readonly<Record<HostUseKind, string>> = {
  mount: 'has file systems that are mounted',
  swap: 'has swap that is on',
  'default-route': 'is the way of a default route',
  session: 'carries sessions of who is logged in',
  console: 'has the console',
  assembled: 'is part of what is assembled',
  network: 'has interfaces with addresses',
  open: 'has device files that are open',
  'virtual-functions': 'has virtual functions',
  'reserved-region': 'has memory that firmware reserves for it',
  unseen: 'may have more uses than are seen',
};

export const USE_WHY: Readonly<Record<UseFinding['name'], string>> = {
  mounted: 'the file systems go with it: what runs from them stops, and what is not written yet is lost',
  swap: 'what is swapped out goes with it, and the processes that it belongs to die',
  'default-route': 'the host is cut off: nobody reaches it from afar any more',
  session: 'whoever is logged in there is cut off, and what runs in the session may end half done',
  console: 'the host shows nothing any more, and may hang when its driver is taken away',
  assembled: 'an array or a pool loses a member while it works with it',
  network: 'whoever talks with the host by these addresses is cut off',
  open: 'the driver waits for these processes before it lets go, or they fail',
  'driver-busy': 'they go when its driver lets go, whoever has them now',
  'reserved-region':
    'firmware has the device read and write there behind the back of its owner: VFIO gives it to nobody, and behind an IOMMU what firmware does with it fails',
  'uses-unseen': 'what could not be looked at may be in use',
};

export function useMessage(finding: UseFinding, function_: string): string {
  const texts = [...new Set(finding.uses.map(useText))];
  const listed = texts.slice(0, MOST_LISTED).join(', ');
  const more = texts.length > MOST_LISTED ? ` and ${texts.length - MOST_LISTED} more` : '';
  const [kind] = finding.uses.map((use) => use.kind);
  return `${function_} ${kind === undefined ? '' : HEADS[kind]}: ${listed}${more}`;
}

/** Each use on its own, for evidence. */
export function useText(use: HostUse): string {
  switch (use.kind) {
    case 'mount':
      return `${use.at} (${use.via})`;
    case 'default-route':
      return `${use.via} (${use.family === 'inet' ? 'IPv4' : 'IPv6'})`;
    case 'network':
      return `${use.via} (${use.addresses.join(', ')})`;
    case 'session':
      return `${use.who} from ${use.from} by ${use.via}`;
    case 'open':
      return `${use.via} by ${use.command} (process ${use.process})`;
    case 'virtual-functions':
      return `${use.functions.join(', ')} of ${use.via}`;
    case 'reserved-region':
      return `${use.first}-${use.last}${use.relaxable ? ', until a driver takes over' : ''}`;
    case 'unseen':
      return `${use.via}: ${use.why}`;
    case 'swap':
    case 'console':
    case 'assembled':
      return use.via;
  }
}

/** What ends the uses. */
export function useNext(finding: UseFinding): string {
  switch (finding.name) {
    case 'mounted':
      return mountNext(finding.uses);
    case 'swap':
      return 'swapoff what is listed';
    case 'default-route':
      return 'move the route to another interface, and log in by that one';
    case 'session':
      return 'log in by another interface, or at the console';
    case 'console':
      return 'give the host another console (console= for the kernel, another display in the firmware)';
    case 'assembled':
      return 'take it out of what it is part of: mdadm --stop, vgchange -an, cryptsetup close, zpool export';
    case 'network':
      return `when nobody needs it: ip link set ${interfaceOf(finding.uses)} down`;
    case 'open':
      return `end ${[...new Set(finding.uses.map((use) => `${use.command} (process ${use.process})`))].join(', ')}`;
    case 'driver-busy':
      return 'take them from whoever has them, and set sriov_numvfs to 0';
    case 'reserved-region':
      return 'switch off in the firmware what uses the device behind the system: legacy USB, remote management';
    case 'uses-unseen':
      return 'run the command as root';
  }
}

function mountNext(mounts: readonly UseOf<'mount'>[]): string {
  if (mounts.some(({ at }) => at === '/')) return 'the host runs from it: give another function away';
  return mounts
    .slice(0, MOST_LISTED)
    .map(({ at }) => `umount ${at}`)
    .join('; ');
}

/** The uppermost. */
function interfaceOf(uses: readonly UseOf<'network'>[]): string {
  return uses[0]?.via.split(' on ')[0] ?? '';
}
