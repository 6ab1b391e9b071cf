/** Excuses of the tree that is drawn of buses. */
import { TREE, type Excuse } from '../excuse.js';

export const treeExcuses: readonly Excuse[] = [{ field: TREE, until: '3.9.0', oneTree: true }];
