/** The lspcis that tests compare our text with: the named one (OPENSLOT_LSPCI), the lab's, the installed one. */
import { judges } from '../../lab/lspci/judge.js';

export { Judge } from '../../lab/lspci/judge.js';

/** Each version once; none where pciutils is not installed. */
export const found = judges();

/** For Node's runner: why tests that need one are left out. */
export const skip = found.length === 0 ? 'no lspci is installed: nothing to compare with' : false;
