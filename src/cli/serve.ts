/** `openslot serve`: owns the machine and is the PCI back end of its Xen guests. */
import { Option, type Command } from 'commander';
import { errorData, reasonOf } from '../pci/errors.js';
import type { FindingName } from '../admin/index.js';
import { allowOption } from './allow-option.js';
import type { PcibackEvent, TopologyName } from '../pciback/index.js';
import { addErrorOption, chosenRecovery, type ErrorChoice } from './error-option.js';
import { addHideOptions, chosenHideList, type HideChoice } from './hide-option.js';
import { chosenMachine, machineOption, openHost, type MachineChoice } from './machine-option.js';
import { serveLog } from './serve-log.js';
import { untilTold } from './until-told.js';

interface ServeOptions extends MachineChoice, HideChoice, ErrorChoice {
  json?: boolean;
  stages?: string;
  allow: readonly FindingName[];
  refuseUnsafe?: boolean;
  topology: TopologyName;
}

/** Not imported from where they are used: help needs no back end. */
const TOPOLOGIES: readonly TopologyName[] = ['vpci', 'real'];

export function define(command: Command): void {
  addErrorOption(addHideOptions(command.addOption(machineOption())))
    .option('--json', 'log one JSON object a line')
    .addOption(allowOption())
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
    .action(serve);
}

async function serve(options: ServeOptions): Promise<void> {
  const machine = chosenMachine(options);
  if (machine.name === 'linux') return serveHost(options);
  const { serveSim } = await import('./serve-sim.js');
  return serveSim(machine.file, options.topology, options.json === true, {
    hidden: chosenHideList(options),
    errors: options,
    allowed: options.allow,
    refuseUnsafe: options.refuseUnsafe === true,
  });
}

async function serveHost(options: ServeOptions): Promise<void> {
  const hidden = chosenHideList(options);
  const [
    { writeFileSync },
    {
      Attachments,
      claimHidden,
      describeFinding,
      describeHideOutcome,
      examinerOf,
      ExportGuard,
      endDmaBeforeReset,
      HostClaims,
      hideOutcomeData,
      RecoveryResponses,
      XEN_HOLDER,
    },
    { machineFiles, OwnerSocket },
    { FileJournal, Pool },
    pciback,
    native,
  ] = await Promise.all([
    import('node:fs'),
    import('../admin/index.js'),
    import('../owner/index.js'),
    import('../pool/index.js'),
    import('../pciback/index.js'),
    import('../xen/native/index.js'),
  ]);
  const { entriesOf } = await import('./pool-view.js');
  const log = serveLog(options.json === true);
  const told = untilTold();
  using machine = await openHost();
  const recovery = chosenRecovery(options, machine);
  const { socket, claims } = machineFiles(machine.name);
  await using owner = await OwnerSocket.bind(machine.name, socket);
  await using platform = await native.openNativePlatform();
  const pool = new Pool(machine, new FileJournal(claims));
  const hostClaims = new HostClaims(pool, machine.drivers, platform);
  await using _kernel = await native.KernelBackends.keepOff(
    platform.store,
    platform.domain,
    (device, error) => {
      log(`the kernel's driver for ${device} was not probed: ${reasonOf(error)}`, {
        event: 'probe_failed',
        device,
      });
    },
  );
  const examiner = examinerOf({ platform, machine, pool });
  const { allow: allowed, refuseUnsafe: refuses = false } = options;
  const guard = new ExportGuard(examiner, { allowed, refuses });
  const clock = options.stages === undefined ? undefined : new pciback.StageClock();
  const toolStackFailed = (doing: string, error: unknown) => {
    log(`${doing} failed: ${reasonOf(error)}`, {
      event: 'tool_stack_failed',
      doing,
      error: errorData(error),
    });
  };
  // Made after the back end, whose events it follows.
  let respond: (event: PcibackEvent) => void = () => undefined;
  await using backEnds = await pciback.Pciback.start({
    platform,
    pool,
    holder: XEN_HOLDER,
    examine: (guest, address) => guard.examine(guest, address),
    topology: options.topology,
    beforeReset: (guest, address) => endDmaBeforeReset(platform, guest, address),
    onEvent: (event) => {
      log(pciback.describeEvent(event), pciback.eventData(event));
      respond(event);
    },
    errors: machine.errors,
    recovery,
    ...(clock === undefined ? {} : { clock }),
  });
  await using attachments = await Attachments.start({
    platform,
    machine,
    pool,
    claims: hostClaims,
    backEnds,
    allowed,
    guard,
    onError: toolStackFailed,
  });
  await using responses = new RecoveryResponses({ attachments, onError: toolStackFailed });
  respond = (event) => {
    responses.heard(event);
  };
  if (hidden !== undefined) {
    await claimHidden(hidden, { machine, pool, claims: hostClaims }, (outcome) => {
      log(describeHideOutcome(outcome), hideOutcomeData(outcome));
    });
  }
  using _answers = owner.serve({
    pool: () => entriesOf(pool, backEnds),
    claim: ({ address }) => hostClaims.claim(address),
    release: ({ address }) => hostClaims.release(address),
    findings: async ({ address }) => (await examiner.look(address)).map(describeFinding),
    attach: ({ guest, specs, force, allow }) => attachments.attach(guest, specs, { force, allow }),
    detach: ({ guest, specs, force }) =>
      attachments.detach(
        guest,
        specs.map(({ target }) => target),
        { force },
      ),
  });
  const count = pool.list().length;
  log(`ready: ${count} ${count === 1 ? 'function' : 'functions'} in the pool`, {
    event: 'ready',
    functions: count,
  });
  // Undefined when it is we who close it, at the end.
  const lost = platform.store.closed.then((error) => {
    if (error === undefined) return told;
    process.exitCode = 1;
    return error.message;
  });
  const why = await Promise.race([told, lost]);
  log(`stopping: ${why}`, { event: 'stopping', why });
  if (clock !== undefined && options.stages !== undefined) {
    writeFileSync(options.stages, `${JSON.stringify(clock.report(), undefined, 2)}\n`);
  }
}
