/** A device as names know it: where it stands, and what tells it from others. */
import type { Capture, CapturedFunction, FunctionSummary } from '../../function/index.js';
import { Topology, type FunctionNode } from '../../look/topology.js';
import type { PciAddress } from '../../pci/index.js';
import { functionIdentity } from '../settings/identity.js';
import type { FunctionIdentity } from '../settings/setting-journal.js';
import { isVirtual, placeOf, virtualPlace, type VirtualPlace } from './device-place.js';
import { capabilitySerial, hasProductData, productDataSerial, type SerialReading } from './serial-number.js';

export interface Device {
  readonly address: PciAddress;
  /** As {@link placeOf} writes it. */
  readonly place: string;
  readonly identity: FunctionIdentity;
  readonly serial: SerialReading;
}

/** A machine as names look at it: whoever opens it, or tells of it, gives this. */
export interface DeviceSource {
  /** As its user names it. */
  readonly machine: string;
  functions(): Promise<readonly FunctionSummary[]>;
  /** Of these functions; `vpd`: with vital product data, which may take a second each. */
  capture(addresses: readonly PciAddress[], vpd: boolean): Promise<Capture>;
}

/**
 * The devices that are wanted, in order of address. Read are their configuration spaces and those of bridges, which tell
 * the place; no other device is touched, so none that sleeps is woken for nothing.
 */
export async function lookAtDevices(
  source: DeviceSource,
  wanted: (summary: FunctionSummary) => boolean,
): Promise<readonly Device[]> {
  const functions = await source.functions();
  const meant = functions.filter(wanted);
  if (meant.length === 0) return [];
  const bridges = functions.filter(({ headerType }) => headerType !== 0);
  let topology = await topologyOf(source, [...meant, ...bridges]);
  if (meant.some(({ address }) => isVirtualAt(topology, address))) {
    const vendors = new Set(meant.map(({ vendor }) => vendor));
    const makers = functions.filter(({ vendor }) => vendors.has(vendor));
    topology = await topologyOf(source, [...makers, ...bridges]);
  }
  const devices: Device[] = [];
  for (const summary of meant) {
    const node = topology.at(summary.address);
    if (node === undefined) continue;
    const virtual = isVirtual(node) ? virtualPlace(node, topology.all()) : undefined;
    devices.push({
      address: summary.address,
      place: placeOf(node, virtual),
      identity: functionIdentity(summary),
      serial: await serialOf(source, node, virtual),
    });
  }
  return devices;
}

function isVirtualAt(topology: Topology, address: PciAddress): boolean {
  const node = topology.at(address);
  return node !== undefined && isVirtual(node);
}

async function topologyOf(source: DeviceSource, functions: readonly FunctionSummary[]): Promise<Topology> {
  const addresses = new Map(functions.map(({ address }) => [address.sbdf, address]));
  return new Topology(await source.capture([...addresses.values()], false));
}

/** A virtual function has the number of its card, which its physical one tells. */
async function serialOf(
  source: DeviceSource,
  node: FunctionNode,
  virtual: VirtualPlace | undefined,
): Promise<SerialReading> {
  const fn: CapturedFunction = virtual?.physical.fn ?? node.fn;
  const reading = capabilitySerial(fn);
  if (reading.kind !== 'none' || !hasProductData(fn)) return reading;
  const {
    functions: [whole],
  } = await source.capture([fn.address], true);
  return whole === undefined ? { kind: 'none' } : productDataSerial(whole);
}
