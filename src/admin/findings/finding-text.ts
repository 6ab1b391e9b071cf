/** Findings in words: what was found, why it matters, and what can be done. */
import { className, notations, visibleText, type ErrorData, type Evidence } from '../../pci/index.js';
import {
  USE_NAMES,
  type Finding,
  type FindingName,
  type Severity,
  type Sharer,
  type Taker,
  type UseFinding,
} from './finding.js';
import { USE_WHY, useMessage, useNext, useText } from './use-text.js';

/** A finding as data that JSON can carry, with its words; `code` is the name that allows it. */
export interface FindingData extends ErrorData {
  readonly code: FindingName;
  readonly address: string;
  readonly severity: Severity;
  /** Why it matters, in one sentence. */
  readonly why: string;
}

const WHY: Readonly<Record<FindingName, string>> = {
  ...USE_WHY,
  'shared-interrupt':
    'a device that keeps the line raised, or a guest that does not answer it, stops the interrupts of all that are on it',
  'shared-page':
    "a guest is given whole pages, so it reaches the other function's registers, and its owner reaches the guest's",
  'shared-group':
    "the IOMMU cannot tell them apart: each can reach the memory of the other's owner, or its registers",
  'split-device':
    'functions of one device share more than PCI shows: firmware, power, and often a reset of the whole device',
  'no-reset':
    'what one owner leaves in it, a DMA address or a changed firmware, is there when the next one gets it',
  'no-iommu': "its DMA reaches all memory: whoever drives it can read and write the host's",
  'group-in-use': "VFIO gives no function of a group while the host's drivers have others of it",
  'not-as-named':
    'another device has come to the address of the one that was named: perhaps a card was added',
};

const USE_FINDINGS: ReadonlySet<FindingName> = new Set(Object.values(USE_NAMES));

function isUse(finding: Finding): finding is Finding & UseFinding {
  return USE_FINDINGS.has(finding.name);
}

/** One finding as people and programs read it. */
export function describeFinding(finding: Finding): FindingData {
  const { name, address, severity } = finding;
  return {
    code: name,
    address: String(address),
    severity,
    message: visibleText(messageOf(finding)),
    why: WHY[name],
    evidence: evidenceOf(finding),
    next: visibleText(nextOf(finding)),
  };
}

function messageOf(finding: Finding): string {
  const { address } = finding;
  if (isUse(finding)) return useMessage(finding, String(address));
  switch (finding.name) {
    case 'shared-interrupt': {
      const line = finding.line === undefined ? 'its interrupt line' : `interrupt line ${finding.line}`;
      return `${address} shares ${line} with ${listOf(finding.others)}`;
    }
    case 'shared-page': {
      const parts = finding.others.map(
        (other) =>
          `with ${sharerText(other)}: page 0x${other.page.toString(16)}, its BAR ${other.region}, BAR ${other.otherRegion} of the other`,
      );
      return `${address} shares a page of registers ${parts.join('; ')}`;
    }
    case 'shared-group': {
      const derived = finding.known === 'derived' ? ', by bridges and access control' : '';
      return `${address} is in one IOMMU group (${finding.group}${derived}) with ${listOf(finding.others)}`;
    }
    case 'split-device':
      return `${address} is of one device with ${listOf(finding.others)}`;
    case 'no-reset':
      return `${address} has no reset`;
    case 'no-iommu':
      return `${address} has no IOMMU between it and memory`;
    case 'group-in-use':
      return `${address} is in IOMMU group ${finding.group} with ${listOf(finding.others)}`;
    case 'not-as-named': {
      const { named, differences, movedTo } = finding;
      const moved = movedTo === undefined ? '' : `; ${named} is at ${movedTo} now`;
      return `${address} is not the function that was named ${named} there: ${differences.join(', ')}${moved}`;
    }
  }
}

function listOf(others: readonly Sharer[]): string {
  return others.map(sharerText).join(', ');
}

function sharerText({ address, classCode, taker }: Sharer): string {
  return `${address} (${className(classCode)}, ${takerText(taker)})`;
}

function takerText(taker: Taker): string {
  switch (taker.kind) {
    case 'nobody':
      return 'nobody has it';
    case 'pool':
      return 'in the pool';
    case 'host':
      return taker.driver === undefined ? 'the host has it' : `the host has it: driver ${taker.driver}`;
    case 'taken':
      return `${taker.by} has it`;
  }
}

function evidenceOf(finding: Finding): Evidence {
  const { address } = finding;
  const others = 'others' in finding ? { others: finding.others.map(sharerText) } : {};
  const own = { address: String(address), ...others };
  if (isUse(finding)) return { ...own, uses: finding.uses.map(useText) };
  switch (finding.name) {
    case 'shared-interrupt':
      return finding.line === undefined ? own : { ...own, line: finding.line };
    case 'shared-page':
      return { ...own, pages: finding.others.map(({ page }) => `0x${page.toString(16)}`) };
    case 'shared-group':
      return { ...own, group: finding.group, known: finding.known };
    case 'group-in-use':
      return { ...own, group: finding.group };
    case 'not-as-named': {
      const { named, differences, movedTo } = finding;
      return { ...own, named, differences, ...(movedTo === undefined ? {} : { movedTo: String(movedTo) }) };
    }
    default:
      return own;
  }
}

function nextOf(finding: Finding): string {
  const short = notations.shortHex.format(finding.address);
  const allow =
    finding.severity === 'critical'
      ? `take it all the same: --even-if-critical ${short}`
      : `accept it: --allow ${finding.name}`;
  if (isUse(finding)) return finding.severity === 'note' ? useNext(finding) : `${useNext(finding)}; ${allow}`;
  switch (finding.name) {
    case 'group-in-use':
      return finding.others
        .map(({ address }) => `openslot claim --for vfio ${notations.shortHex.format(address)}`)
        .join('; ');
    case 'not-as-named': {
      const moved =
        finding.movedTo === undefined
          ? `openslot name --remove ${finding.named}`
          : `name it instead of the address: ${finding.named}`;
      return `${moved}; ${allow}`;
    }
    case 'no-reset':
      return `give it only to guests that trust each other; ${allow}`;
    case 'no-iommu':
      return `switch the IOMMU on in the firmware and for the hypervisor; ${allow}`;
    default: {
      const steps = [...new Set(finding.others.map(stepFor).filter((step) => step !== ''))];
      if (finding.severity === 'note') return steps.join('; ');
      const apart =
        finding.name === 'split-device' || finding.name === 'shared-group'
          ? 'give all of them to one guest'
          : 'put one of the cards into another slot, or give all of them to one guest';
      return [...steps, apart, allow].join('; ');
    }
  }
}

const BRIDGE_CLASS = 0x06;

/** What takes another function out of the way; empty where nothing does. */
function stepFor({ address, classCode, taker }: Sharer): string {
  // Its driver is what reaches the bus behind it.
  if (classCode >>> 16 === BRIDGE_CLASS) return '';
  const short = notations.shortHex.format(address);
  switch (taker.kind) {
    case 'nobody':
      return `keep drivers of the host from it: openslot claim ${short}`;
    case 'pool':
      return '';
    case 'host':
      return taker.driver === undefined ? '' : `take it from ${taker.driver}: openslot claim ${short}`;
    case 'taken':
      return taker.guest === undefined ? '' : `openslot detach ${taker.guest} ${short}`;
  }
}
