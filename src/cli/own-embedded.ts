/** Owning an embedded host: its XenStore on a socket, and the requests of other terminals. */
import {
  describeFinding,
  functionUser,
  inspect,
  inspectPlatform,
  policyState,
  type EmbeddedHost,
} from '../admin/index.js';
import { machineFiles, type OwnerSocket } from '../owner/index.js';
import { notations, type PciAddress } from '../pci/index.js';
import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { attachmentRequests, hostRequests } from './host-requests.js';
import { entriesOf } from './pool-view.js';
import { answerRegisters } from './register-answers.js';

/** Answers from now on, until it is disposed of: ahead of the host, which the requests work with. */
export async function ownEmbedded(host: EmbeddedHost, owner: OwnerSocket): Promise<Disposable> {
  const { store, settings } = machineFiles('sim');
  // Whoever has the owner's socket may clear away what a dead owner left. What was set on its machine is gone with it.
  rmSync(store, { force: true });
  rmSync(settings, { recursive: true, force: true });
  await host.store.listen(store);
  const { guests, traces } = host;
  const userOf = (address: PciAddress) => functionUser(host.machine, entriesOf(host.pool), address);
  return owner.serve({
    pool: () => entriesOf(host.pool, host.pciback),
    functions: () => host.machine.list(),
    platform: () => inspectPlatform(host.machine),
    inspect: ({ address, vpd }) => inspect(host.machine, address, { vpd, user: userOf(address) }),
    registers: (parameters) => answerRegisters(host.machine, userOf(parameters.address), parameters),
    ...hostRequests(host.claims),
    findings: async ({ address }) => (await host.examiner.look(address)).map(describeFinding),
    ...attachmentRequests(host.attachments),
    policy: ({ address }) => policyState(host.pciback, host.policies, address),
    trace: (parameters) => traces.fetch(parameters),
    guest_run: (options) => guests.run({ ...options, file: resolve(options.file) }),
    guest_list: () => guests.list(),
    guest_unpause: async ({ guest }) => {
      const { domain } = guests.find(guest);
      await guests.unpause(domain);
      return guests.find(guest);
    },
    guest_shutdown: async ({ guest }) => {
      const info = guests.find(guest);
      await guests.shutdown(info.domain);
      return info;
    },
    guest_destroy: async ({ guest }) => {
      const info = guests.find(guest);
      await guests.destroy(info.domain);
      return info;
    },
  });
}

/** Inside npm's scripts the command is not on the path of a user who has only the clone. */
export const COMMAND = process.env['npm_lifecycle_event'] === undefined ? 'openslot' : 'npx openslot';

/** What another terminal can do, with the words to type, for one function; `guest` has it already. */
export function wayIn(guest: string | undefined, fn: PciAddress | undefined): readonly string[] {
  const name = guest ?? 'GUEST';
  const address = fn === undefined ? 'ADDRESS' : notations.shortHex.format(fn);
  // Names and policies are below the second: without it another terminal would not know them.
  const directories = ['OPENSLOT_RUNTIME_DIR', 'OPENSLOT_STATE_DIR'].flatMap((variable) => {
    const directory = process.env[variable];
    return directory === undefined ? [] : [`  export ${variable}=${directory}`];
  });
  return [
    `In another terminal${COMMAND === 'openslot' ? '' : ', in this folder'}:`,
    '  export OPENSLOT_ON=sim',
    ...directories,
    `  ${COMMAND} list`,
    `  ${COMMAND} show ${address}`,
    ...(guest === undefined ? [`  ${COMMAND} guest run FILE --name ${name}`] : [`  ${COMMAND} guest list`]),
    guest === undefined
      ? `  ${COMMAND} attach ${name} ${address},seize=1`
      : `  ${COMMAND} detach ${name} ${address}`,
    `  XENSTORED_PATH=${machineFiles('sim').store} xenstore-ls -fp`,
  ];
}
