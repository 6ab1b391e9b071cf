/** Which ways of resetting a function there are, and why the others are not. */
import type { ResetMethod } from '../../function/index.js';
import type { FunctionNode, Topology } from '../topology.js';
import { namesOf, type Rule } from './rule.js';

type Reason = (node: FunctionNode, topology: Topology) => string | undefined;

/** By method, why a function cannot be reset so; undefined where it can, as far as its registers tell. */
const OBSTACLES: Readonly<Partial<Record<ResetMethod, Reason>>> = {
  flr: ({ fields }) => {
    if (!fields.has('pcie')) return 'it has no PCI Express capability';
    return fields.isSet('pcie.devcap.flr') ? undefined : 'pcie.devcap.flr is clear';
  },
  af_flr: ({ fields }) => {
    if (!fields.has('af')) return 'it has no Advanced Features capability';
    return fields.isSet('af.cap.flr') && fields.isSet('af.cap.pending')
      ? undefined
      : 'af.cap.flr or .pending is clear';
  },
  pm: ({ fields }) => {
    if (!fields.has('pm')) return 'it has no power management capability';
    return fields.isSet('pm.pmcsr.no_soft_reset')
      ? 'pm.pmcsr.no_soft_reset is set: it keeps its state when it returns from D3hot'
      : undefined;
  },
  bus: ({ fn, above, fields }, topology) => {
    if (fields.raw('header.secondary_bus') !== undefined) return 'it is a bridge itself';
    if (above === undefined) return 'no bridge leads to its bus';
    const others = topology.onBusOf(fn).filter(({ fn: each }) => each !== fn);
    return others.length === 0 ? undefined : `${namesOf(others).join(', ')} on its bus would be reset, too`;
  },
};

const METHODS = Object.keys(OBSTACLES) as ResetMethod[];

/** Each method with `works`, or with what is in its way. Where the machine told its methods, they are what works. */
function methodsOf(node: FunctionNode, topology: Topology): Readonly<Record<string, string>> {
  const told = node.fn.resetMethods;
  const all = [...new Set([...(told ?? []), ...METHODS])];
  return Object.fromEntries(
    all.map((method) => {
      if (told?.includes(method) === true) return [method, 'works'];
      const obstacle = OBSTACLES[method]?.(node, topology);
      if (obstacle !== undefined) return [method, obstacle];
      return [
        method,
        told === undefined
          ? 'works'
          : 'the host does not offer it, though the registers say nothing against it',
      ];
    }),
  );
}

/** A host bridge and a port have no need of one. */
function isDevice({ fields }: FunctionNode): boolean {
  return fields.raw('header.type.layout') === 0 && fields.raw('header.class.base') !== 6;
}

/** No fault: most functions of a chipset have none, and it matters to who hands one over. */
const none: Rule = {
  code: 'RESET_NONE',
  weight: 'note',
  why: 'what one user leaves in the device, the next one finds',
  next: 'allow it where it is attached: --allow no-reset',
  look({ node, topology }) {
    const methods = methodsOf(node, topology);
    if (!isDevice(node) || Object.values(methods).includes('works')) return [];
    return [{ what: 'it cannot be reset by any method', details: obstacles(methods), evidence: methods }];
  },
};

const methods: Rule = {
  code: 'RESET_METHODS',
  weight: 'note',
  why: 'the first one that works is taken when it goes from one user to the next',
  next: '',
  look({ node, topology }) {
    const all = methodsOf(node, topology);
    const works = Object.keys(all).filter((method) => all[method] === 'works');
    if (!isDevice(node) || works.length === 0) return [];
    return [{ what: `it can be reset by ${works.join(', ')}`, details: obstacles(all), evidence: all }];
  },
};

function obstacles(all: Readonly<Record<string, string>>): string[] {
  return Object.entries(all)
    .filter(([, what]) => what !== 'works')
    .map(([method, what]) => `not by ${method}: ${what}`);
}

export const resetRules: readonly Rule[] = [none, methods];
