/** What is broken in a function's configuration space itself: lists, BARs, what cannot be read, and a device that is silent. */
import type { DecodeFinding } from '../../pci/index.js';
import { nameOf, type Rule } from './rule.js';

const SILENT = 'FUNCTION_ABSENT';

const silent: Rule = {
  code: 'FUNCTION_SILENT',
  weight: 'fault',
  why: 'the device is gone, its link is down, or it sleeps in D3cold: nothing answers, and the bus gives all ones',
  next: '',
  look({ node }) {
    if (!node.fields.findings.some(({ code }) => code === SILENT)) return [];
    return [
      {
        what: 'every register of its configuration space reads as all ones',
        next: node.above === undefined ? '' : `how the link is: openslot explain ${nameOf(node.above)}`,
        evidence: { above: node.above === undefined ? 'none' : nameOf(node.above) },
      },
    ];
  },
};

/** What the decoder says of damage, in words. */
const DAMAGE: Readonly<Partial<Record<DecodeFinding['code'], string>>> = {
  CAPABILITY_LOOP: 'the list of capabilities leads back to one that was passed already',
  CAPABILITY_BROKEN: 'the list of capabilities ends in all ones',
  CAPABILITY_IN_HEADER: 'a pointer of the list of capabilities leads into the header',
  CAPABILITY_UNREADABLE: 'the list of capabilities leads past what can be read',
  BAR_UPPER_MISSING: 'the last BAR says that it has 64 bits, and there is no place for its upper half',
  BAR_TYPE_RESERVED: 'a BAR is of memory type 3, which no specification defines',
  CAPABILITY_OVERLAP:
    'capabilities stand within each other: together they have more registers than there is room for',
  HEADER_UNKNOWN: 'the header has a layout that no specification defines',
};

const damaged: Rule = {
  code: 'CONFIG_DAMAGED',
  weight: 'fault',
  why: 'what stands behind it is not found by any driver; firmware of the device, or a reset that did not end, makes such spaces',
  next: '',
  look({ node }) {
    return node.fields.findings
      .filter(({ code }) => code !== SILENT)
      .map((finding) => ({
        what: DAMAGE[finding.code] ?? finding.code,
        next: `a reset may mend it; look: openslot show ${nameOf(node)} --bits`,
        evidence: Object.fromEntries(
          Object.entries(finding).map(([name, value]) => [
            name,
            typeof value === 'number' ? `0x${value.toString(16)}` : value,
          ]),
        ),
      }));
  },
};

const HEADER_BYTES = 64;
const EXTENDED_BYTES = 4096;

const cutOff: Rule = {
  code: 'CONFIG_CUT_OFF',
  weight: 'note',
  why: 'capabilities that stand behind that are not shown',
  next: '',
  look({ node }) {
    const { fn, fields } = node;
    const bytes = fn.config.length;
    const express = fields.has('pcie');
    if (bytes > HEADER_BYTES && (bytes >= EXTENDED_BYTES || !express)) return [];
    const next =
      bytes <= HEADER_BYTES
        ? 'the kernel shows the rest to root alone'
        : 'a chipset or a machine without memory-mapped configuration space has no more; a dump may have been made with -xxx instead of -xxxx';
    return [{ what: `${bytes} bytes of its configuration space could be read`, next, evidence: { bytes } }];
  },
};

export const structureRules: readonly Rule[] = [silent, damaged, cutOff];
