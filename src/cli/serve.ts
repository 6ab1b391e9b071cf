/** `openslot serve`: owns the machine and is the PCI back end of its Xen guests. */
import { writeFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { errorData, reasonOf } from '../pci/errors.js';
import type { FindingName } from '../admin/index.js';
import type { MisnamedAt } from '../admin/names/index.js';
import { allowOption } from './allow-option.js';
import { criticalFunctions, criticalOption, type CriticalChoice } from './critical-option.js';
import type { Backend, PcibackEvent, TopologyName } from '../pciback/index.js';
import { addErrorOption, chosenRecovery, type ErrorChoice } from './error-option.js';
import { addHideOptions, chosenHideList, type HideChoice } from './hide-option.js';
import {
  machineOption,
  MachineWithoutGuestsError,
  openHost,
  ownedMachine,
  type MachineChoice,
} from './machine-option.js';
import { refuseMeaningless } from './meaningless-options.js';
import { serveLog, type ServeLog } from './serve-log.js';
import { untilTold } from './until-told.js';

interface ServeOptions extends MachineChoice, HideChoice, ErrorChoice, CriticalChoice {
  json?: boolean;
  stages?: string;
  allow: readonly FindingName[];
  refuseUnsafe?: boolean;
  topology: TopologyName;
  takeBack?: boolean;
  wait?: boolean;
}

/** Not imported from where they are used: help needs no back end. */
const TOPOLOGIES: readonly TopologyName[] = ['vpci', 'real'];

const SERVED_MACHINES =
  'linux (this host, if nothing is said), sim (a simulated machine that runs from now on), or sim:FILE (one that FILE describes)';

export function define(command: Command): void {
  addErrorOption(addHideOptions(command.addOption(machineOption(SERVED_MACHINES))))
    .option('--json', 'log one JSON object a line')
    .addOption(allowOption())
    .addOption(criticalOption())
    .option('--refuse-unsafe', 'do not export what is unsafe and not allowed, whichever tool stack gives it')
    .addOption(
      new Option(
        '--topology <view>',
        'what guests see: vpci, one bus 0000:00 with a slot for each device; real, every function at its own address',
      )
        .choices(TOPOLOGIES)
        .default('vpci'),
    )
    .option('--stages <file>', 'measure each operation by stage and write the means there at the end')
    .option(
      '--take-back',
      'at the end, take back what guests have; without it they keep it for the next serve',
    )
    .option(
      '--wait',
      'where another serve runs, wait until it ends, and go on at once: an upgrade without a pause',
    )
    .addHelpText(
      'after',
      `
Runs until SIGINT or SIGTERM, in Xen's domain 0, as root. While it runs, guests that xl creates with pci=[...] are
served by openslot instead of the kernel's back end; claim, release, attach, detach and list of other terminals work
through it.
A second serve is refused.

--topology real is for drivers that must find their hardware where it is on the host. Guests then see a root bus for each
bus that one of their functions stands on; a slot cannot be asked for. It is what passthrough=1 is to Linux's xen-pciback.
What a guest gets by xl although it is not safe (it shares an interrupt line, a page of registers, an IOMMU group or
its device with others, has no reset, or no IOMMU) is told here; with --refuse-unsafe it is not exported. --allow names
what is acceptable on this host, for xl and for every openslot attach.
At the end, however it comes, guests keep their functions and their devices work on; the next serve goes on where this
one was. docs/serve.md says what waits meanwhile, and has a systemd unit.

--hide claims before anything is served, as the kernel's own option does at boot: what is absent, a bridge, or taken is
told and left; a list that is not right stops serve before it changes anything.

A guest is asked to recover a function that reports an error (Linux does); --on-error is for when it does not: take-back
takes the function away and keeps it from everybody, kill-guest ends the guest, ignore only tells.

On sim it owns a simulated machine with an embedded Xen instead, and needs no root: guests are then programs (openslot
guest). sim:FILE is a machine that FILE describes; docs/simulator.md says how.

Examples:
  openslot claim 0a:00.0 && openslot serve
  openslot serve --topology real
  openslot serve --hide '(0a:00.0)(0b:*.*)'
  openslot serve --json >> /var/log/openslot.jsonl
  openslot serve --on sim
  openslot serve --on sim:my-machine.yaml`,
    )
    .action((options: ServeOptions) => serve(command, options));
}

async function serve(command: Command, options: ServeOptions): Promise<void> {
  if (options.hide === undefined)
    refuseMeaningless(command, ['hideFormat', 'evenIfCritical'], 'without --hide');
  const machine = ownedMachine(options);
  if (machine.name === 'linux') return serveHost(options);
  if (machine.name !== 'sim') throw new MachineWithoutGuestsError(machine.name);
  refuseMeaningless(
    command,
    ['stages', 'takeBack', 'wait'],
    'to the simulated machine, whose guests end with it',
  );
  const { serveSim } = await import('./serve-sim.js');
  return serveSim(machine.file, options.topology, options.json === true, {
    hidden: chosenHideList(options),
    evenIfCritical: options.evenIfCritical,
    errors: options,
    allowed: options.allow,
    refuseUnsafe: options.refuseUnsafe === true,
  });
}

async function serveHost(options: ServeOptions): Promise<void> {
  const hidden = chosenHideList(options);
  // What guests wait for comes first: after a restart, each of their accesses waits until it is there.
  const [{ machineFiles, OwnerSocket, ServiceManager, stateFiles }, { openPool }, pciback, native] =
    await Promise.all([
      import('../owner/index.js'),
      import('./host-pool.js'),
      import('../pciback/index.js'),
      import('../xen/native/index.js'),
    ]);
  const log = serveLog(options.json === true);
  const told = untilTold();
  const tellFailed = (event: string, doing: string, error: unknown) => {
    log(`${doing} failed: ${reasonOf(error)}`, { event, doing, error: errorData(error) });
  };
  using manager = new ServiceManager((error) => {
    tellFailed('service_manager_failed', 'telling the service manager', error);
  });
  using machine = await openHost();
  const recovery = chosenRecovery(options, machine);
  const files = machineFiles(machine.name);
  // Opened ahead of the lock: who waits for it has all in hand when its turn comes.
  await using platform = await native.openNativePlatform();
  const waiting = new AbortController();
  void told.then(() => {
    waiting.abort();
  });
  await using owner =
    options.wait === true
      ? await OwnerSocket.bindAfter(
          machine.name,
          files.socket,
          () => {
            log('waiting for the present owner to end', { event: 'waiting' });
          },
          waiting.signal,
        )
      : await OwnerSocket.bind(machine.name, files.socket);
  if (owner === undefined) return;
  const pool = openPool(machine);
  await using _kernel = await native.KernelBackends.keepOff(
    platform.store,
    platform.domain,
    (device, error) => {
      log(`the kernel's driver for ${device} was not probed: ${reasonOf(error)}`, {
        event: 'probe_failed',
        device,
      });
    },
    files.probing,
  );
  const { allow: allowed, refuseUnsafe: refuses = false } = options;
  const misnamed: MisnamedAt = async (addresses) =>
    (await import('./function-names.js')).misnamedOn(machine, pool)(addresses);
  // Of the tool stack's room, which a guest that goes on need not wait for.
  const makeSafety = async () => {
    const { DevicePolicies, examinerOf, ExportGuard, PolicyChoice } = await import('../admin/index.js');
    const examiner = examinerOf({ platform, machine, pool, misnamed });
    const policies = new PolicyChoice(machine, new DevicePolicies(stateFiles().policies));
    return { policies, examiner, guard: new ExportGuard(examiner, { allowed, refuses }) };
  };
  let safetyMade: ReturnType<typeof makeSafety> | undefined;
  const safety = () => (safetyMade ??= makeSafety());
  const clock = options.stages === undefined ? undefined : new pciback.StageClock();
  // Made after the back end, whose events it follows.
  let respond: (event: PcibackEvent) => void = () => undefined;
  const backEnds = await pciback.Pciback.start({
    platform,
    pool,
    holder: pciback.XEN_HOLDER,
    records: new pciback.FileGuestRecords(files.guests),
    topology: options.topology,
    examine: async (guest, address) => (await safety()).guard.examine(guest, address),
    policyOf: async (_guest, address) => (await safety()).policies.policyOf(address),
    beforeReset: async (guest, address) =>
      (await import('../admin/index.js')).endDmaBeforeReset(platform, guest, address),
    onEvent: (event) => {
      log(pciback.describeEvent(event), pciback.eventData(event));
      respond(event);
    },
    errors: machine.errors,
    recovery,
    ...(clock === undefined ? {} : { clock }),
  });
  await using _backEnds = {
    [Symbol.asyncDispose]: () =>
      options.takeBack === true ? backEnds[Symbol.asyncDispose]() : backEnds.leave(),
  };
  const [
    {
      Attachments,
      claimHidden,
      describeFinding,
      describeHideOutcome,
      FunctionNames,
      GuestTraces,
      HostClaims,
      policyState,
      hideOutcomeData,
      machineSource,
      RecoveryResponses,
    },
    { entriesOf },
    { nameFolder },
    { attachmentRequests, hostRequests },
    { examiner, guard, policies },
  ] = await Promise.all([
    import('../admin/index.js'),
    import('./pool-view.js'),
    import('./function-names.js'),
    import('./host-requests.js'),
    safety(),
  ]);
  const toolStackFailed = (doing: string, error: unknown) => {
    tellFailed('tool_stack_failed', doing, error);
  };
  const hostClaims = new HostClaims(pool, machine, platform, misnamed);
  for (const { change, outcome, why } of await hostClaims.recover('back')) {
    const text = `${change.what}, left unfinished by process ${change.process}: ${[outcome, ...why].join('; ')}`;
    log(text, { event: 'recovered', what: change.what, outcome, why });
  }
  await using attachments = await Attachments.start({
    platform,
    machine,
    pool,
    claims: hostClaims,
    backEnds,
    allowed,
    guard,
    names: new FunctionNames(nameFolder(options), machineSource(machine, pool)),
    policies,
    onError: toolStackFailed,
  });
  await using responses = new RecoveryResponses({ attachments, onError: toolStackFailed });
  using traces = new GuestTraces(backEnds, platform, machine);
  respond = (event) => {
    responses.heard(event);
  };
  if (hidden !== undefined) {
    const permission = { allowed, evenIfCritical: await criticalFunctions(options) };
    await claimHidden(hidden, { machine, pool, claims: hostClaims, permission }, (outcome) => {
      log(describeHideOutcome(outcome), hideOutcomeData(outcome));
    });
  }
  using _answers = owner.serve({
    pool: () => entriesOf(pool, backEnds),
    ...hostRequests(hostClaims),
    findings: async ({ address }) => (await examiner.look(address)).map(describeFinding),
    ...attachmentRequests(attachments),
    policy: ({ address }) => policyState(backEnds, policies, address),
    trace: (parameters) => traces.fetch(parameters),
  });
  const count = pool.list().length;
  const ready = `ready: ${count} ${count === 1 ? 'function' : 'functions'} in the pool`;
  log(ready, { event: 'ready', functions: count });
  manager.ready(ready);
  // Undefined when it is we who close it, at the end.
  const lost = platform.store.closed.then((error) => {
    if (error === undefined) return told;
    process.exitCode = 1;
    return error.message;
  });
  const why = await Promise.race([told, lost]);
  manager.stopping();
  log(`stopping: ${why}`, { event: 'stopping', why });
  if (options.takeBack !== true) tellLeft(backEnds.guests, log);
  if (clock !== undefined && options.stages !== undefined) {
    writeFileSync(options.stages, `${JSON.stringify(clock.report(), undefined, 2)}\n`);
  }
}

/** Whose devices go on without us. */
function tellLeft(guests: readonly Pick<Backend, 'guest' | 'exports'>[], log: ServeLog): void {
  for (const { guest, exports } of guests) {
    const addresses = exports.map(({ address }) => String(address));
    if (addresses.length === 0) continue;
    const text = `guest ${guest} keeps ${addresses.join(', ')}: the next openslot serve goes on with it`;
    log(text, { event: 'left', guest, functions: addresses });
  }
}
