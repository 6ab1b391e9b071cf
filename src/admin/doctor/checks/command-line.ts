/** The kernel's command line: what it says of the IOMMU, of messages, and of who is to have which functions. */
import { describeHideFinding, hideGrammars, patternMatches, patternText } from '../../../boot/index.js';
import { causesOr, fine, hostCheck, type Check, type Found } from '../check.js';
import type { ExaminedHost } from '../examined-host.js';
import { lacksIntelOption, offWords } from './iommu.js';

const REBOOT = "in GRUB's /etc/default/grub, then update-grub and reboot";

const iommuOptions = hostCheck({
  name: 'iommu-options',
  layer: 'command line',
  asks: 'Does the command line let the kernel use the IOMMU?',
  purposes: ['vfio'],
  causes: {
    IOMMU_OFF_BY_OPTION: {
      blocks: ['vfio'],
      why: 'the kernel leaves the IOMMU alone, whatever firmware says',
      next: `take it away ${REBOOT}`,
    },
    IOMMU_OPTION_MISSING: {
      blocks: ['vfio'],
      why: 'an IOMMU of Intel stays off until it is asked for, by the default of this kernel',
      next: `add intel_iommu=on iommu=pt ${REBOOT}`,
    },
    IOMMU_OPTION_WITHOUT_EFFECT: {
      blocks: [],
      why: 'the kernel ignores it; who wrote it may believe that it does something',
      next: `take it away ${REBOOT}`,
    },
  },
  look({ host }) {
    if (host.onXen) return undefined;
    const off = offWords(host);
    if (off.length > 0)
      return {
        causes: [
          {
            code: 'IOMMU_OFF_BY_OPTION',
            what: `the kernel command line has ${off.join(' and ')}`,
            evidence: { options: off },
          },
        ],
      };
    if (lacksIntelOption(host) && host.groups.length === 0)
      return {
        causes: [
          {
            code: 'IOMMU_OPTION_MISSING',
            what: 'firmware describes an IOMMU of Intel, and intel_iommu=on is not on the kernel command line',
            evidence: { commandLine: host.commandLine },
          },
        ],
      };
    const idle = optionsWithoutEffect(host);
    const said = ['iommu', 'intel_iommu', 'amd_iommu'].flatMap((name) =>
      host.options.named(name).map(({ text }) => text),
    );
    return causesOr(
      idle.map(({ text, why }) => ({
        code: 'IOMMU_OPTION_WITHOUT_EFFECT',
        what: `${text} on the kernel command line does nothing: ${why}`,
        evidence: { option: text },
      })),
      fine(said.length === 0 ? 'nothing there keeps it off' : `it says ${said.join(' ')}`, { options: said }),
    );
  },
});

/** Values that amd_iommu= has (drivers/iommu/amd/init.c): `on` is none of them, though many pages tell it. */
const AMD_WORDS = new Set([
  'off',
  'fullflush',
  'force_enable',
  'force_isolation',
  'pgtbl_v1',
  'pgtbl_v2',
  'irtcachedis',
  'nohugepages',
  'v2_pgsizes_only',
]);

/** What firmware describes counts, not whose the processor is: an emulated machine mixes them. */
function optionsWithoutEffect({
  options,
  processorVendor,
  remapping,
}: ExaminedHost): { text: string; why: string }[] {
  const idle: { text: string; why: string }[] = [];
  const described = remapping.state === 'read' ? remapping.table.kind : undefined;
  for (const { text, value } of options.named('intel_iommu')) {
    if (processorVendor === 'amd' && described !== 'DMAR')
      idle.push({ text, why: 'the processor is of AMD' });
    else if (value === undefined || value === '1' || value === 'yes')
      idle.push({ text, why: 'only intel_iommu=on switches it on' });
  }
  for (const { text, value = '' } of options.named('amd_iommu')) {
    if (processorVendor === 'intel' && described !== 'IVRS')
      idle.push({ text, why: 'the processor is of Intel' });
    else if (!value.split(',').some((word) => AMD_WORDS.has(word)))
      idle.push({ text, why: 'AMD-Vi is on by itself, and the option knows no such word' });
  }
  return idle;
}

const messages = hostCheck({
  name: 'message-option',
  layer: 'command line',
  asks: 'May functions send interrupts as messages?',
  purposes: ['vfio', 'xen', 'proto'],
  causes: {
    MESSAGES_OFF_BY_OPTION: {
      blocks: [],
      why: 'functions have INTx alone, which many share; some devices and drivers do not work without messages',
      next: `take nomsi out of pci= ${REBOOT}`,
    },
    ACS_OVERRIDDEN: {
      blocks: [],
      why: 'groups look smaller than the hardware makes them: functions of different owners may reach each other past the IOMMU',
      next: `take pcie_acs_override= away ${REBOOT}, where owners do not trust each other`,
    },
  },
  look({ host: { options } }) {
    const causes: Found<'MESSAGES_OFF_BY_OPTION' | 'ACS_OVERRIDDEN'>[] = [];
    if (options.words('pci').includes('nomsi'))
      causes.push({
        code: 'MESSAGES_OFF_BY_OPTION',
        what: 'the kernel command line has pci=nomsi',
        evidence: { option: 'pci=nomsi' },
      });
    const [override] = options.named('pcie_acs_override');
    if (override !== undefined)
      causes.push({
        code: 'ACS_OVERRIDDEN',
        what: `the kernel command line has ${override.text}`,
        evidence: { option: override.text },
      });
    return causesOr(causes, fine('nothing there forbids messages or splits groups'));
  },
});

const hideOption = hostCheck({
  name: 'hide-option',
  layer: 'command line',
  asks: 'Did xen-pciback take what xen-pciback.hide= names?',
  purposes: ['xen'],
  causes: {
    HIDE_LIST_UNSOUND: {
      blocks: ['xen'],
      why: 'one error turns the whole list off, with a line in the kernel log and nowhere else',
      next: 'mend it, and reboot; each error: openslot hide-list --from linux "$(cat /proc/cmdline)"',
    },
    HIDE_LIST_NOT_TAKEN: {
      blocks: ['xen'],
      why: 'another driver was there first, or xen-pciback was not loaded when the host started',
      next: '',
    },
    HIDE_LIST_NAMES_ABSENT: {
      blocks: [],
      why: 'nothing stands at that address now: a card that was added or taken away moves others to new addresses',
      next: 'write the addresses of today: openslot list',
    },
    HIDE_OPTION_OLD_NAME: {
      blocks: ['xen'],
      why: 'that was its name in the kernels of XenLinux; today it is ignored without a message',
      next: `write xen-pciback.hide= ${REBOOT}`,
    },
  },
  look({ host }) {
    const lists = hideLists(host);
    const old = host.options.named('pciback.hide');
    if (lists.length === 0 && old.length === 0) return undefined;
    type Code =
      'HIDE_LIST_UNSOUND' | 'HIDE_LIST_NOT_TAKEN' | 'HIDE_LIST_NAMES_ABSENT' | 'HIDE_OPTION_OLD_NAME';
    const causes: Found<Code>[] = old.map(({ text }) => ({
      code: 'HIDE_OPTION_OLD_NAME',
      what: `the kernel command line has ${text}`,
      evidence: { option: text },
    }));
    for (const { from, list } of lists) {
      const errors = list.findings.filter(({ severity }) => severity !== 'warning');
      if (errors.length > 0) {
        causes.push({
          code: 'HIDE_LIST_UNSOUND',
          what: `${from}: the list ${list.value} is not what it seems`,
          details: errors.map((error) => describeHideFinding('linux', error)),
          evidence: { from, list: list.value, findings: errors.map(({ code }) => code) },
        });
        continue;
      }
      for (const pattern of list.claims) {
        const there = host.facts.functions.filter(({ address }) => patternMatches(pattern, address));
        if (there.length === 0)
          causes.push({
            code: 'HIDE_LIST_NAMES_ABSENT',
            what: `${from} names ${patternText(pattern)}, and no function is there`,
            evidence: { from, pattern: patternText(pattern) },
          });
        for (const { address, driver, headerType } of there.filter(({ driver }) => driver !== 'pciback')) {
          // A bridge on the list stands for what is behind it.
          if (headerType === 1) continue;
          causes.push({
            code: 'HIDE_LIST_NOT_TAKEN',
            what: `${from} names ${address}, and ${driver ?? 'no driver'} has it`,
            next: `openslot claim ${address}; for the next boot load xen-pciback before ${driver ?? 'others'}: in the initial RAM disk (update-initramfs -u)`,
            evidence: { from, address: String(address), driver: driver ?? 'none' },
          });
        }
      }
    }
    const count = lists.reduce((sum, { list }) => sum + list.claims.length, 0);
    return causesOr(causes, fine(`all of the list are with xen-pciback (${count})`, { elements: count }));
  },
});

/** The kernel's command line counts for a module as well; modprobe adds what stands in modprobe.d before it. */
function hideLists(host: ExaminedHost) {
  const { linux } = hideGrammars;
  const lists = host.modules
    .optionValues('xen-pciback', 'hide')
    .map(({ file, value }) => ({ from: file, list: linux.parse(value) }));
  return host.options.has('xen_pciback.hide')
    ? [...lists, { from: 'the kernel command line', list: linux.parseCommandLine(host.commandLine) }]
    : lists;
}

const vfioIds = hostCheck({
  name: 'vfio-ids',
  layer: 'command line',
  asks: 'Does vfio-pci.ids= name what it should, and did it take?',
  purposes: ['vfio'],
  causes: {
    VFIO_IDS_MALFORMED: {
      blocks: [],
      why: 'vfio-pci passes over what it cannot read, with a line in the kernel log',
      next: 'write VVVV:DDDD in hexadecimal, with commas between; what there is: openslot list',
    },
    VFIO_IDS_TAKE_SEVERAL: {
      blocks: [],
      why: 'ids do not tell equal cards apart: vfio-pci takes all of them when the host starts, the one of the host as well',
      next: 'name the function itself: openslot hide ADDRESS --for vfio',
    },
    VFIO_IDS_NOT_TAKEN: {
      blocks: [],
      why: 'its own driver was loaded before vfio-pci',
      next: 'load vfio-pci earlier: softdep DRIVER pre: vfio-pci in modprobe.d, or both in the initial RAM disk (update-initramfs -u)',
    },
    VFIO_IDS_NAME_ABSENT: {
      blocks: [],
      why: 'no function has these ids now',
      next: 'openslot list',
    },
  },
  look({ host }) {
    const words = [
      ...host.modules.optionValues('vfio-pci', 'ids').flatMap(({ value }) => value.split(',')),
      ...host.options.words('vfio_pci.ids'),
    ].filter((word) => word !== '');
    if (words.length === 0) return undefined;
    const causes = words.flatMap((word) => idCauses(word, host));
    return causesOr(
      causes,
      fine(`vfio-pci has what ${words.join(', ')} name${words.length === 1 ? 's' : ''}`, { ids: words }),
    );
  },
});

type IdCode = 'VFIO_IDS_MALFORMED' | 'VFIO_IDS_TAKE_SEVERAL' | 'VFIO_IDS_NOT_TAKEN' | 'VFIO_IDS_NAME_ABSENT';

const ANY_ID = 0xffff_ffff;

function idCauses(word: string, host: ExaminedHost): Found<IdCode>[] {
  const numbers = word
    .split(':')
    .map((part) => (/^[0-9a-f]{1,8}$/i.test(part) ? Number.parseInt(part, 16) : undefined));
  const [vendor, device, subsystemVendor = ANY_ID, subsystemDevice = ANY_ID] = numbers;
  if (vendor === undefined || device === undefined || numbers.includes(undefined) || numbers.length > 6)
    return [{ code: 'VFIO_IDS_MALFORMED', what: `vfio-pci cannot read "${word}"`, evidence: { word } }];
  const is = (wanted: number, own: number | undefined) => wanted === ANY_ID || wanted === own;
  const named = host.facts.functions.filter(
    (fn) =>
      is(vendor, fn.vendor) &&
      is(device, fn.device) &&
      is(subsystemVendor, fn.subsystemVendor) &&
      is(subsystemDevice, fn.subsystemDevice),
  );
  const found: Found<IdCode>[] = [];
  const addresses = named.map(({ address }) => String(address));
  if (named.length === 0)
    found.push({
      code: 'VFIO_IDS_NAME_ABSENT',
      what: `vfio-pci.ids names ${word}, and no function has these ids`,
      evidence: { word },
    });
  if (named.length > 1)
    found.push({
      code: 'VFIO_IDS_TAKE_SEVERAL',
      what: `vfio-pci.ids names ${word}, and ${addresses.length} functions have these ids: ${addresses.join(', ')}`,
      evidence: { word, addresses },
    });
  for (const { address, driver } of named)
    if (driver !== undefined && driver !== 'vfio-pci')
      found.push({
        code: 'VFIO_IDS_NOT_TAKEN',
        what: `vfio-pci.ids names ${word}, and ${driver} has ${address}`,
        evidence: { word, address: String(address), driver },
      });
  return found;
}

export const commandLineChecks: readonly Check[] = [iommuOptions, messages, hideOption, vfioIds];
