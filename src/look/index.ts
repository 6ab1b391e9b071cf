/**
 * What is shown of a machine: lspci's text, pcictl's, trees, differences and explanations, each a pure function of a
 * capture. It knows the register model and the port's data; it does no I/O and no access to a device.
 */
export * from './difference/index.js';
export * from './explain/index.js';
export * from './tree/index.js';
export { Topology, type FunctionNode, type RootBus } from './topology.js';
