/**
 * The demonstration: the whole job in one process, told step by step, each line after a check of what it says. It is
 * made of the package's exports alone, so everything in it can be done by any program.
 */
import { fileURLToPath } from 'node:url';
import { describeFault, EmbeddedHost, type HostEvent, type NameFolder } from 'openslot/admin';
import { SimMachine } from 'openslot/machines/sim';
import { className, messageOf, notations } from 'openslot/pci';
import type { DomainId } from 'openslot/xen';
import { homePath } from 'openslot/xen/store';
import { Checks } from './checks.js';
import { GuestReports } from './guest-reports.js';

const FUNCTION = notations.hex.parse('01:00.0');
const GUEST = 'demo';
const PROGRAM = fileURLToPath(new URL('../demo/guest.js', import.meta.url));

export interface DemoOptions {
  readonly print: (line: string) => void;
  /** Makes the device compute wrongly; the demonstration must notice. */
  readonly factorialFault?: boolean;
  /** The guest goes on after the demonstration, with the function attached again. */
  readonly stay?: boolean;
  readonly onEvent?: (event: HostEvent) => void;
  /** Names of functions, for who uses the machine afterwards. */
  readonly names?: NameFolder;
}

export interface DemoOutcome {
  readonly failed: number;
  /** The caller's to end. */
  readonly host: EmbeddedHost;
}

export async function demonstrate(options: DemoOptions): Promise<DemoOutcome> {
  const { print, stay = false, onEvent, names } = options;
  const checks = new Checks(print);
  const events: HostEvent[] = [];
  const machine = new SimMachine();
  const host = await EmbeddedHost.start({
    machine,
    ...(names === undefined ? {} : { names }),
    onEvent: (event) => {
      events.push(event);
      onEvent?.(event);
    },
  });
  try {
    if (options.factorialFault === true) machine.inject(FUNCTION, { fault: 'model', name: 'factorial' });
    tree(machine, print);
    await claim(host, checks);
    const guest = await host.guests.run({ file: PROGRAM, name: GUEST });
    checks.holds(
      `guest ${GUEST} runs: domain ${guest.domain}, ${guest.memory / 2 ** 20} MiB, a XenStore connection of its own`,
      host.store.read(`${homePath(guest.domain)}/name`) === GUEST,
    );
    await using reports = await GuestReports.follow(host, guest.domain);
    await attach(host, checks);
    await drive(reports, checks);
    await refusals(reports, events, checks);
    await detach(host, reports, checks);
    if (stay) await attach(host, checks);
    else await leaveNothing(host, guest.domain, checks);
  } catch (error) {
    checks.failed('the demonstration went to its end', messageOf(error));
  }
  print(`\n${checks.summary}`);
  return { failed: checks.failures, host };
}

function tree(machine: SimMachine, print: (line: string) => void): void {
  print('The simulated machine:');
  for (const { address, vendor, device, classCode, driver } of machine.list()) {
    const ids = `${vendor.toString(16).padStart(4, '0')}:${device.toString(16).padStart(4, '0')}`;
    const indent = address.bus === 0 ? '' : '  ';
    print(
      `  ${indent}${String(address)}  ${ids}  ${className(classCode)}${driver === undefined ? '' : `, driver ${driver}`}`,
    );
  }
  print('');
}

async function claim(host: EmbeddedHost, checks: Checks): Promise<void> {
  const { formerDriver, quarantined } = await host.claims.claim(FUNCTION);
  checks.holds(
    `${String(FUNCTION)} is claimed: taken from its driver ${formerDriver ?? '(none)'}, its DMA in quarantine`,
    quarantined && formerDriver === 'edu' && host.pool.list()[0]?.state === 'free',
  );
}

async function attach(host: EmbeddedHost, checks: Checks): Promise<void> {
  const { functions, frontEnd } = await host.attachments.attach(GUEST, FUNCTION);
  const place = functions[0]?.virtual;
  checks.holds(
    `it is attached while the guest runs: ${String(place)} on the guest's bus`,
    frontEnd === 'connected' && place !== undefined,
  );
}

/** What the guest found out by itself. */
async function drive(reports: GuestReports, checks: Checks): Promise<void> {
  checks.equal("the guest's own view of its bus", await reports.next('bus'), '0000:00:00.0 1234:11e8');
  checks.equal('it reads the identification through BAR 0', await reports.next('identification'), '10000ed');
  checks.equal('the device computes 10! for it', await reports.next('factorial'), '3628800');
  checks.equal(
    'an interrupt tells it that 5! is ready',
    await reports.next('interrupt'),
    '120 after 1 interrupt',
  );
  checks.equal('DMA out of its memory and back into it', await reports.next('dma'), 'what a guest wrote');
}

/** What it tried and was kept from: its own words beside what the host saw. */
async function refusals(reports: GuestReports, events: readonly HostEvent[], checks: Checks): Promise<void> {
  checks.equal('it tries to move a BAR over others', await reports.next('policy'), 'the BAR stayed');
  const outside = await reports.next('outside');
  await reports.next('done');
  const refused = events
    .filter((event) => event.of === 'back end')
    .map(({ event }) => event)
    .find((event) => event.event === 'write_refused');
  checks.holds(
    `the policy refused its write of 0x${refused?.value.toString(16) ?? '?'} to register 0x${refused?.offset.toString(16) ?? '?'}`,
    refused?.offset === 0x40 && refused.value === 0xffff_ffff,
  );
  const stopped = events.filter((event) => event.of === 'IOMMU').at(-1)?.fault;
  checks.holds(
    stopped === undefined ? 'a DMA outside of its memory was stopped' : describeFault(stopped),
    stopped !== undefined && `0x${stopped.iova.toString(16)}` === outside && stopped.access === 'write',
  );
}

async function detach(host: EmbeddedHost, reports: GuestReports, checks: Checks): Promise<void> {
  await host.attachments.detach(GUEST, FUNCTION);
  checks.equal(
    'it is detached, and the guest has seen it go',
    await reports.next('detached'),
    '0000:00:00.0, 0 left',
  );
  const state = host.pool.list()[0];
  checks.equal('reset and restored, it is in the pool again', state?.state ?? 'absent', 'free');
}

async function leaveNothing(host: EmbeddedHost, guest: DomainId, checks: Checks): Promise<void> {
  await host.guests.shutdown(guest);
  const end = await host.guests.ended(guest);
  const left = [...host.store.nodes()].filter(({ path }) => path.split('/').includes(String(guest)));
  checks.holds(
    'the guest was asked to shut down and did, and XenStore holds nothing of it',
    end.how === 'exit' && end.code === 0 && left.length === 0,
  );
}
