/** A change of a host: asked of its owner where one runs, else made by this command as the owner for its duration. */
import { HostClaims } from '../admin/index.js';
import {
  askOwner,
  checkRequest,
  machineFiles,
  OwnerRunningError,
  OwnerSocket,
  OwnerUnreachableError,
  perform,
  type OwnerResults,
  type RequestParameters,
  type Wire,
} from '../owner/index.js';
import { openNativePlatform, runsOnXen } from '../xen/native/index.js';
import { misnamedOn } from './function-names.js';
import { openPool } from './host-pool.js';
import { hostRequests, type HostRequest } from './host-requests.js';
import { openOwned, type MachineChoice, type OwnedMachine } from './machine-option.js';
import { askSim, machineToChange } from './machine-view.js';

/** Requests that change nothing need no lock, and so no right to take it. */
const LOOKS: ReadonlySet<HostRequest> = new Set([
  'plan_claim',
  'examine_claim',
  'plan_release',
  'plan_adopt',
  'unfinished',
]);

export async function askHost<Name extends HostRequest>(
  choice: MachineChoice,
  request: Name,
  parameters: RequestParameters<Name>,
): Promise<Wire<OwnerResults[Name]>> {
  const chosen = machineToChange(choice);
  if (chosen.name === 'sim') return askSim(request, parameters);
  const { socket } = machineFiles(chosen.name);
  try {
    return await askOwner(socket, request, parameters);
  } catch (error) {
    if (!(error instanceof OwnerUnreachableError) || error.code !== 'OWNER_ABSENT') throw error;
  }
  if (LOOKS.has(request)) return answerSelf(chosen, request, parameters);
  let owner: OwnerSocket;
  try {
    owner = await OwnerSocket.bind(chosen.name, socket);
  } catch (error) {
    // Somebody was quicker: he does it, or says who he is and what he does.
    if (error instanceof OwnerRunningError) return askOwner(socket, request, parameters);
    throw error;
  }
  await using _owner = owner;
  return await answerSelf(chosen, request, parameters);
}

async function answerSelf<Name extends HostRequest>(
  chosen: OwnedMachine,
  request: Name,
  parameters: RequestParameters<Name>,
): Promise<Wire<OwnerResults[Name]>> {
  using machine = await openOwned(chosen);
  const xen = chosen.name === 'linux' && runsOnXen() ? await openNativePlatform() : undefined;
  try {
    const pool = openPool(machine);
    const requests = hostRequests(new HostClaims(pool, machine, xen, misnamedOn(machine, pool)));
    const result = await perform(requests, checkRequest({ id: 1, request, parameters }));
    // As an owner would have sent it.
    return JSON.parse(JSON.stringify(result)) as Wire<OwnerResults[Name]>;
  } finally {
    await xen?.[Symbol.asyncDispose]();
  }
}
