/** Topology: as data, and as text. */
export { linkText, treeOf, type TreeBus, type TreeFunction, type TreeLink, type TreeNames } from './tree.js';
export { treeLines, type TreeTextOptions } from './tree-text.js';
