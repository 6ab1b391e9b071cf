/** `openslot proto mount`: owns a machine and serves its free functions as device files, until it is told to end. */
import type { ClaimPurpose } from '../admin/claim-purpose.js';
import {
  describeFinding,
  Examiner,
  functionUser,
  HostClaims,
  inspect,
  inspectPlatform,
  type Permission,
} from '../admin/index.js';
import {
  FunctionNotFoundError,
  hasDrivers,
  PlatformDeviceNotFoundError,
  type FunctionSummary,
  type Machine,
} from '../function/index.js';
import { openMachine, ReplayMachine } from '../machines/index.js';
import { machineFiles, OwnerSocket, type OwnerRequests } from '../owner/index.js';
import { reasonOf, type PciAddress } from '../pci/index.js';
import { MemoryJournal, Pool } from '../pool/index.js';
import { criticalFunctions } from './critical-option.js';
import { misnamedOn } from './function-names.js';
import { openPool } from './host-pool.js';
import { hostRequests } from './host-requests.js';
import { FunctionNotFreeError, MountedFiles, notFree, type FolderChange } from '../proto/index.js';
import { functionsNamed } from './named-function.js';
import { entriesOf } from './pool-view.js';
import { answerRegisters } from './register-answers.js';
import type { MountChoice } from './proto.js';
import { folderLines, functionLines, useLines } from './proto-text.js';
import { serveLog } from './serve-log.js';
import { untilTold } from './until-told.js';

/** What was named on the command line. */
export interface NamedDevices {
  readonly functions: readonly PciAddress[];
  /** Platform devices, by name. */
  readonly platform: readonly string[];
}

/** `named`: absent for all that is free. */
export async function mountFiles(
  directory: string,
  named: NamedDevices | undefined,
  choice: MountChoice,
): Promise<void> {
  const {
    on,
    claim = false,
    record,
    allowOther = false,
    mapRegisters = false,
    unsafeDma = [],
    json = false,
  } = choice;
  const log = serveLog(json);
  const unsafe = await functionsNamed(unsafeDma, choice);
  const told = untilTold();
  const name = on === undefined || on === '' ? 'linux' : on;
  using machine = await openMachine(name, { mapping: 'avoided', record });
  // Programs that use the files see EIO and nothing else of it.
  if (machine instanceof ReplayMachine)
    machine.onStopped((error) => {
      log(`the replay has stopped: ${reasonOf(error)}`, { event: 'replay stopped', why: reasonOf(error) });
    });
  const { socket } = machineFiles(machine.name);
  await using owner = await OwnerSocket.bind(machine.name, socket);
  const claims = claimsOf(machine);
  await using taken = new TakenFunctions(claims, choice.for, {
    allowed: choice.allow,
    evenIfCritical: await criticalFunctions(choice),
  });
  for (const address of unsafe) summaryAt(machine, address, name);
  for (const device of named?.platform ?? []) requirePlatform(machine, device);
  for (const address of named?.functions ?? [])
    await takeNamed(summaryAt(machine, address, name), claim ? taken : undefined);
  await using mounted = await MountedFiles.mount({
    machine,
    directory,
    ...(named === undefined ? {} : { only: named.functions, onlyPlatform: named.platform }),
    allowOther,
    mapRegisters,
    unsafeDma: unsafe,
    onFault: (error) => {
      log(`fault: ${reasonOf(error)}`, { event: 'fault', why: reasonOf(error) });
    },
    onRefusal: ({ folder, file, caller: { pid }, error }) => {
      log(`process ${pid} does not get ${folder}/${file}: ${error.message}`, {
        event: 'refused',
        name: folder,
        file,
        pid,
        why: error.message,
      });
    },
    onChange: (change) => {
      const { name } = change;
      const why = change.change === 'appeared' ? {} : { why: change.why };
      log(`${name} ${CHANGE_TEXT[change.change]}${'why' in why ? `: ${why.why}` : ''}`, {
        event: change.change,
        name,
        ...why,
      });
    },
  });
  using _answers = owner.serve(requestsOf(machine, mounted, claims));
  const functions = mounted.functions.list();
  const devices = mounted.platform?.list() ?? [];
  const there = [
    functions.length === 1 ? '1 function' : `${functions.length} functions`,
    ...(devices.length === 0
      ? []
      : [devices.length === 1 ? '1 platform device' : `${devices.length} platform devices`]),
  ];
  const lines = [
    `ready: ${there.join(', ')} of ${machine.name} at ${mounted.directory}`,
    ...functions.flatMap(functionLines),
    ...devices.flatMap((folder) => folderLines(folder)),
    ...useLines(mounted.directory, functions, devices),
  ];
  log(lines.join('\n'), {
    event: 'ready',
    directory: mounted.directory,
    socket,
    folders: mounted.folders().map(({ name, files }) => ({ name, files: files.map((file) => file.name) })),
  });
  const why = await Promise.race([told, mounted.ended.then(() => 'it was unmounted')]);
  log(`stopping: ${why}`, { event: 'stopping', why });
  for (const { name, holders } of mounted.folders()) {
    for (const { file, pid } of holders)
      log(`process ${pid} has ${name}/${file} open: its calls fail from now on`, {
        event: 'cut off',
        name,
        file,
        pid,
      });
  }
}

const CHANGE_TEXT: Readonly<Record<FolderChange['change'], string>> = {
  appeared: 'is there',
  removed: 'is removed',
  unavailable: 'has no files',
};

interface Claims {
  readonly pool: Pool;
  readonly host: HostClaims;
}

/** Absent on machines where no host driver competes. */
function claimsOf(machine: Machine): Claims | undefined {
  if (!hasDrivers(machine)) return undefined;
  // The host's bindings outlive us; those of a machine that lives in this process end with it.
  const outlives = machine.capabilities.machineFrames || machine.name.startsWith('sim:');
  const pool = outlives ? openPool(machine) : new Pool(machine, new MemoryJournal());
  return { pool, host: new HostClaims(pool, machine, undefined, misnamedOn(machine, pool)) };
}

/** What this command has claimed for its own duration. */
class TakenFunctions implements AsyncDisposable {
  readonly #claims: Claims | undefined;
  readonly #purpose: ClaimPurpose | undefined;
  readonly #permission: Permission;
  readonly #taken: PciAddress[] = [];

  constructor(claims: Claims | undefined, purpose: ClaimPurpose | undefined, permission: Permission) {
    this.#permission = permission;
    this.#claims = claims;
    this.#purpose = purpose;
  }

  async take(address: PciAddress): Promise<void> {
    await this.#claims?.host.claim(address, this.#purpose, this.#permission);
    this.#taken.push(address);
  }

  /** One that cannot be given back keeps none of the others. @throws why the first of those was not. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: { cause: unknown }[] = [];
    for (const address of this.#taken.reverse()) {
      // Released from another terminal meanwhile.
      if (this.#claims?.pool.has(address) !== true) continue;
      try {
        await this.#claims.host.release(address);
      } catch (cause) {
        failures.push({ cause });
      }
    }
    const [failure] = failures;
    if (failure !== undefined) throw failure.cause;
  }
}

/** `name`: the machine's, as the user wrote it. @throws {FunctionNotFoundError} */
function summaryAt(machine: Machine, address: PciAddress, name: string): FunctionSummary {
  const summary = machine.list().find((one) => one.address.equals(address));
  if (summary === undefined) throw new FunctionNotFoundError(address, name);
  return summary;
}

/** @throws {PlatformDeviceNotFoundError} */
function requirePlatform({ name: machine, platform }: Machine, name: string): void {
  if (platform?.list().some((one) => one.name === name) !== true)
    throw new PlatformDeviceNotFoundError(name, machine);
}

/** @throws {FunctionNotFreeError} and what a claim is refused for. */
async function takeNamed(summary: FunctionSummary, taken: TakenFunctions | undefined): Promise<void> {
  const { address } = summary;
  const why = notFree(summary);
  if (why === undefined) return;
  if (summary.headerType !== 0) throw new FunctionNotFreeError(address, why, 'name the functions behind it');
  if (taken === undefined)
    throw new FunctionNotFreeError(
      address,
      why,
      `add --claim for as long as it is mounted; or for longer: openslot claim ${address}`,
    );
  await taken.take(address);
}

/** A program that has files of the function open, or a driver. */
function userOf(machine: Machine, mounted: MountedFiles, address: PciAddress): string | undefined {
  const holder = mounted.functions.folderOf(address)?.holders[0];
  return holder === undefined
    ? functionUser(machine, [], address)
    : `process ${holder.pid}, which has ${holder.file} open`;
}

/** Other terminals look at the machine, and take functions from their drivers into the mount and give them back. */
function requestsOf(machine: Machine, mounted: MountedFiles, claims: Claims | undefined): OwnerRequests {
  const looking: OwnerRequests = {
    pool: () => (claims === undefined ? [] : entriesOf(claims.pool)),
    functions: () => machine.list(),
    platform: () => inspectPlatform(machine),
    inspect: ({ address, vpd }) =>
      inspect(machine, address, { vpd, user: userOf(machine, mounted, address) }),
    registers: (parameters) =>
      answerRegisters(machine, userOf(machine, mounted, parameters.address), parameters),
  };
  if (claims === undefined) return looking;
  const { pool, host } = claims;
  const examiner = new Examiner({
    machine,
    pool,
    store: undefined,
    translates: () => false,
    misnamed: misnamedOn(machine, pool),
  });
  const requests = hostRequests(host);
  return {
    ...looking,
    ...requests,
    findings: async ({ address }) => (await examiner.look(address)).map(describeFinding),
    claim: async (wish) => {
      const reports = await requests.claim(wish);
      mounted.functions.refresh();
      return reports;
    },
    release: async (wish) => {
      for (const address of wish.addresses) mounted.giveUp(address);
      try {
        return await requests.release(wish);
      } finally {
        mounted.functions.refresh();
      }
    },
  };
}
