/** All excuses: where a version of lspci that is older than the one we follow words a register otherwise. */
import type { Excuse } from '../excuse.js';
import { cxlExcuses } from './cxl.js';
import { errorExcuses } from './errors.js';
import { expressExcuses } from './express.js';
import { extendedExcuses } from './extended.js';
import { treeExcuses } from './tree.js';

export const EXCUSES: readonly Excuse[] = [
  ...expressExcuses,
  ...errorExcuses,
  ...extendedExcuses,
  ...cxlExcuses,
  ...treeExcuses,
];
