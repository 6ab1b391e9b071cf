/** What openslot itself left on the host: changes half done, records of what is not so any more, a hide that did not take. */
import { causesOr, fine, hostCheck, type Check, type Found } from '../check.js';
import type { ExaminedHost } from '../examined-host.js';
import type { HiddenRecord } from '../facts.js';

type Code =
  | 'RECORD_UNREADABLE'
  | 'CHANGE_UNFINISHED'
  | 'CLAIM_LOST'
  | 'FUNCTION_QUARANTINED'
  | 'SOCKET_STALE'
  | 'PROBING_STOPPED';

const leftovers = hostCheck<Code>({
  name: 'leftovers',
  layer: 'openslot',
  asks: 'Did openslot leave something half done?',
  purposes: ['vfio', 'xen', 'proto'],
  causes: {
    RECORD_UNREADABLE: {
      blocks: ['vfio', 'xen', 'proto'],
      why: 'without it nobody knows what was changed, so nothing more is changed',
      next: '',
    },
    CHANGE_UNFINISHED: {
      blocks: ['vfio', 'xen', 'proto'],
      why: 'its process ended in the middle: some functions may have no driver',
      next: 'take it back: openslot recover; go on: openslot recover --finish',
    },
    CLAIM_LOST: {
      blocks: [],
      why: 'another tool gave the function back to a driver; the record of its former driver stays',
      next: '',
    },
    FUNCTION_QUARANTINED: {
      blocks: [],
      why: 'it came back broken from who had it, and nobody gets it',
      next: '',
    },
    SOCKET_STALE: {
      blocks: [],
      why: 'the process that owned the machine ended without taking its socket away; the next owner does that',
      next: '',
    },
    PROBING_STOPPED: {
      blocks: [],
      why: 'openslot serve was killed: disks and networks of new guests find no back end of the kernel',
      next: 'echo 1 >/sys/bus/xen-backend/drivers_autoprobe; or have them probed for, and this put back at the end: openslot serve',
    },
  },
  look({ host }) {
    const left = host.facts.leftovers;
    if (left === undefined) return undefined;
    const causes: Found<Code>[] = left.unreadable.map(({ path, why }) => ({
      code: 'RECORD_UNREADABLE',
      what: `${path} cannot be read: ${why}`,
      next: `look at ${path}; moving it away forgets what it says`,
      evidence: { path, why },
    }));
    // An owner's changes are under way.
    if (left.owner !== 'running')
      for (const what of left.unfinished)
        causes.push({
          code: 'CHANGE_UNFINISHED',
          what: `a change was begun and not ended: ${what}`,
          evidence: { what },
        });
    for (const { address, holder, quarantined } of left.claims) {
      const driver = host.driverOf(address);
      if (driver !== undefined && driver !== holder)
        causes.push({
          code: 'CLAIM_LOST',
          what: `${address} is claimed, kept by ${holder ?? 'no driver'}, and ${driver} has it`,
          next: `take it again: openslot claim ${address}`,
          evidence: { address: String(address), holder: holder ?? 'none', driver },
        });
      if (quarantined !== undefined)
        causes.push({
          code: 'FUNCTION_QUARANTINED',
          what: `${address} is in quarantine: ${quarantined}`,
          next: `openslot release ${address}; openslot claim ${address}`,
          evidence: { address: String(address), why: quarantined },
        });
    }
    if (left.owner === 'stale')
      causes.push({
        code: 'SOCKET_STALE',
        what: `nobody listens at ${left.socket}`,
        evidence: { socket: left.socket },
      });
    const probing = '/sys/bus/xen-backend/drivers_autoprobe';
    if (left.owner !== 'running' && left.probing !== undefined && host.text(probing) === '0')
      causes.push({
        code: 'PROBING_STOPPED',
        what: `${probing} is 0, and no owner runs`,
        evidence: { path: probing },
      });
    const owner = left.owner === 'running' ? 'an owner runs' : 'no owner runs';
    return causesOr(
      causes,
      fine(`${owner}; ${left.claims.length} claimed, nothing half done`, { owner: left.owner }),
    );
  },
});

const HOLDER_FOR: Readonly<Partial<Record<string, string>>> = { xen: 'pciback', vfio: 'vfio-pci' };

const hidden = hostCheck({
  name: 'hidden',
  layer: 'openslot',
  asks: 'Did what was hidden take at the boot?',
  purposes: ['vfio', 'xen'],
  causes: {
    HIDE_NOT_BOOTED: {
      blocks: [],
      why: 'boot files count from the next boot on',
      next: 'reboot; until then: openslot claim ADDRESS',
    },
    HIDE_NOT_TAKEN: {
      blocks: [],
      why: 'the file was changed, and what the boot reads was not made anew from it, or another driver was faster',
      next: '',
    },
  },
  look({ host, purposes }) {
    const records = (host.facts.leftovers?.hidden ?? []).filter((record) =>
      [...purposes].some((purpose) => purpose === record.for),
    );
    if (records.length === 0) return undefined;
    const booted = bootTime(host);
    const causes = records.flatMap((record) => hiddenCauses(record, booted, host));
    const count = records.reduce((sum, { addresses }) => sum + addresses.length, 0);
    return causesOr(
      causes,
      fine(`it did (${count} function${count === 1 ? '' : 's'})`, { functions: count }),
    );
  },
});

/** Milliseconds since 1970; undefined where the kernel does not tell. */
function bootTime(host: ExaminedHost): number | undefined {
  const seconds = /^btime (\d+)$/m.exec(host.text('/proc/stat') ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

function hiddenCauses(
  { when, for: system, file, addresses }: HiddenRecord,
  booted: number | undefined,
  host: ExaminedHost,
): Found<'HIDE_NOT_BOOTED' | 'HIDE_NOT_TAKEN'>[] {
  const holder = HOLDER_FOR[system];
  const missed = addresses.filter((address) => host.driverOf(address) !== holder);
  if (missed.length === 0) return [];
  const names = missed.map(String);
  const evidence = { file, addresses: names, when: new Date(when).toISOString() };
  if (booted !== undefined && when > booted)
    return [
      { code: 'HIDE_NOT_BOOTED', what: `${file} hides ${names.join(', ')} from the next boot on`, evidence },
    ];
  const rebuild = file.endsWith('/grub')
    ? 'update-grub (grub2-mkconfig -o /boot/grub2/grub.cfg), then reboot'
    : file.endsWith('driverctl.d')
      ? 'install driverctl, which reads that folder at each boot, then reboot'
      : 'update-initramfs -u (dracut -f), then reboot';
  return [
    {
      code: 'HIDE_NOT_TAKEN',
      what: `${file} hides ${names.join(', ')}, the host has booted since, and ${holder ?? 'nobody'} does not have ${missed.length === 1 ? 'it' : 'them'}`,
      details: missed.map((address) => `${address}: ${host.driverOf(address) ?? 'no driver'}`),
      next: rebuild,
      evidence,
    },
  ];
}

export const leftoverChecks: readonly Check[] = [leftovers, hidden];
