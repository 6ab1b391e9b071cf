/** The record of errors in a function's registers, and clearing it. */
import type { ConfigSpace } from '../function/index.js';
import {
  CapabilityId,
  capabilityOffsets,
  ExtendedCapabilityId,
  extendedCapabilityOffset,
} from '../pci/index.js';

const UNCORRECTABLE_STATUS = 0x04;
const DEVICE_STATUS = 0x0a;
/** Errors of all severities, and unsupported requests. */
const DEVICE_ERRORS = 0x0f;

/** So that the next error is seen as a new one. A written 1 clears; correctable ones are the host's to count. */
export function clearErrorStatus(config: ConfigSpace): void {
  const reporting = extendedCapabilityOffset(config, ExtendedCapabilityId.aer);
  if (reporting !== undefined) {
    const at = reporting + UNCORRECTABLE_STATUS;
    const status = config.read(at, 4);
    if (status !== 0) config.write(at, 4, status);
  }
  const express = capabilityOffsets(config).get(CapabilityId.pcie);
  if (express === undefined) return;
  const errors = config.read(express + DEVICE_STATUS, 2) & DEVICE_ERRORS;
  if (errors !== 0) config.write(express + DEVICE_STATUS, 2, errors);
}
