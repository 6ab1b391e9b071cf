/** What a function's Express capability says that tables of its other capabilities depend on. */
import { walkCapabilities } from '../capabilities.js';
import type { RegisterReader } from '../registers.js';

const PCIE = 0x10;
/** The part of configuration space that the standard list stands in. */
const STANDARD_SIZE = 0x100;

/** Device/port types (PCI Express Base 6.0, 7.5.3.2) that registers and words depend on. */
export const PortType = {
  endpoint: 0,
  rootPort: 4,
  upstream: 5,
  downstream: 6,
  integratedEndpoint: 9,
  eventCollector: 10,
} as const;

function expressOffset(config: RegisterReader): number | undefined {
  const standard = { size: STANDARD_SIZE, read: config.read.bind(config) };
  return walkCapabilities(standard).entries.find(({ id }) => id === PCIE)?.offset;
}

/** Device/port type of a function by its configuration space from 0 on; undefined without an Express capability. */
export function portTypeOf(config: RegisterReader): number | undefined {
  const express = expressOffset(config);
  return express === undefined ? undefined : (config.read(express + 2, 2) >> 4) & 0xf;
}

/** Most lanes that its link can have (PCI Express Base 6.0, 7.5.3.6); 0 without a link. */
export function lanesOf(config: RegisterReader): number {
  const express = expressOffset(config);
  if (express === undefined) return 0;
  return Math.min((config.read(express + 0x0c, 2) >> 4) & 0x3f, 32);
}
