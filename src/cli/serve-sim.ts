/** `openslot serve --on sim`: owns a simulated machine with an embedded Xen, for guests and commands of other terminals. */
import {
  claimHidden,
  DevicePolicies,
  describeHideOutcome,
  describeHostEvent,
  EmbeddedHost,
  hideOutcomeData,
  hostEventData,
  type EmbeddedHostOptions,
} from '../admin/index.js';
import type { HideList } from '../boot/index.js';
import { readDescription } from '../machines/index.js';
import { parseMachine, SimMachine } from '../machines/sim/index.js';
import { machineFiles, OwnerSocket, stateFiles } from '../owner/index.js';
import { notations } from '../pci/index.js';
import { chosenRecovery, type ErrorChoice } from './error-option.js';
import type { TopologyName } from '../pciback/index.js';
import { nameFolder } from './function-names.js';
import { ownEmbedded, wayIn } from './own-embedded.js';
import { serveLog } from './serve-log.js';
import { untilTold } from './until-told.js';

export async function serveSim(
  file: string | undefined,
  topology: TopologyName,
  json: boolean,
  {
    hidden,
    errors,
    evenIfCritical,
    ...safety
  }: {
    readonly hidden: HideList | undefined;
    readonly errors: ErrorChoice;
    /** Addresses: names are looked up at an owner, and none runs yet. */
    readonly evenIfCritical: readonly string[];
  } & Pick<EmbeddedHostOptions, 'allowed' | 'refuseUnsafe'>,
): Promise<void> {
  const log = serveLog(json);
  const told = untilTold();
  const { socket, store } = machineFiles('sim');
  // Before the lock: a description that is none must not stop a machine that runs.
  const machine = file === undefined ? new SimMachine() : new SimMachine(parseMachine(readDescription(file)));
  await using owner = await OwnerSocket.bind('sim', socket);
  await using host = await EmbeddedHost.start({
    machine,
    names: nameFolder({ on: 'sim' }),
    ...safety,
    policies: new DevicePolicies(stateFiles().policies),
    topology,
    recovery: chosenRecovery(errors, machine),
    onEvent: (event) => {
      log(describeHostEvent(event), { event: 'host', ...hostEventData(event) });
    },
  });
  if (hidden !== undefined) {
    const { pool, claims } = host;
    const permission = {
      allowed: safety.allowed ?? [],
      evenIfCritical: evenIfCritical.map((text) => notations.hex.parse(text)),
    };
    await claimHidden(hidden, { machine, pool, claims, permission }, (outcome) => {
      log(describeHideOutcome(outcome), hideOutcomeData(outcome));
    });
  }
  using _answers = await ownEmbedded(host, owner);
  const functions = machine.list().length;
  const endpoint = machine.list().find(({ headerType }) => headerType === 0)?.address;
  log(`ready: a simulated machine with ${functions} functions\n${wayIn(undefined, endpoint).join('\n')}`, {
    event: 'ready',
    functions,
    socket,
    store,
  });
  const why = await told;
  log(`stopping: ${why}`, { event: 'stopping', why });
}
