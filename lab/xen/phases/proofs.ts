/** What a guest's stock drivers must show: data that came through the function, and the interrupts that brought it. */
import type { PhaseRun } from './phase.js';

/** Drivers that `prove` of guest/init.guest knows. */
export type Driver = 'nvme' | 'e1000e' | 'ahci' | 'e1000';

/** A kind as the guest's /proc/interrupts names it, and how many lines of it a driver has. */
interface Arrival {
  readonly kind: string;
  readonly line: RegExp;
  readonly lines: number;
}

const INTERRUPTS: Readonly<Record<Driver, Arrival>> = {
  nvme: { kind: 'MSI-X', line: /^.*: +[1-9]\d* +xen-pirq +-pcifront-msi-x +nvme\d+q\d+$/gm, lines: 2 },
  e1000e: {
    kind: 'MSI-X',
    line: /^.*: +[1-9]\d* +xen-pirq +-pcifront-msi-x +eth\d+(-[rt]x-0)?$/gm,
    lines: 3,
  },
  ahci: { kind: 'MSI', line: /^.*: +[1-9]\d* +xen-pirq +-pcifront-msi +ahci\[.*\]$/gm, lines: 1 },
  e1000: { kind: 'INTx', line: /^.*: +[1-9]\d* +xen-pirq +-pcifront +eth\d+$/gm, lines: 1 },
};

/**
 * Linux 6.1's guest ends MSI-X by the operation that ends MSI. The kernel's back end does not take it for that and refuses
 * the next MSI-X (EALREADY, -114): nvme, which begins with one vector and then asks for more, is left with the pin.
 */
const NVME_BY_PIN: Arrival = {
  kind: 'INTx',
  line: /^.*: +[1-9]\d* +xen-pirq +-pcifront +nvme\d+q\d+, nvme\d+q\d+$/gm,
  lines: 1,
};

/** The guest's kernel writes to the same console, and may do so when a program has begun a line and not ended it. */
const KERNEL_MESSAGE = /\[ *\d+\.\d{6}\] .*$/gm;

/** One function in the guest's hands, as the step `prove` found it. */
export function judgeProof(run: PhaseRun, step: string, driver: Driver): void {
  const { checks, facts, images } = run;
  const proof = facts.get(`${step}.proof`);
  if (driver === 'nvme' || driver === 'ahci')
    checks.equal(
      `${step}: the guest reads its disk by ${driver}`,
      proof,
      driver === 'nvme' ? run.nvmeMd5 : images.sataDisk.md5,
    );
  else
    checks.matches(
      `${step}: ${driver} has a link, and the gateway answers`,
      proof,
      /^carrier 1, 3 packets transmitted, 3 packets received, 0% packet loss$/,
    );
  const { kind, line, lines } =
    run.backEnd === 'kernel' && driver === 'nvme' ? NVME_BY_PIN : INTERRUPTS[driver];
  const seen = facts.get(`${step}.interrupts`)?.replace(KERNEL_MESSAGE, '');
  const arrived = seen?.match(line) ?? [];
  checks.equal(
    `${step}: interrupts arrive by ${kind}`,
    arrived.length >= lines ? 'yes' : seen,
    'yes',
    arrived.map((one) => one.replace(/^ *\d+: +(\d+) .* (\S+)$/, '$2 $1')).join(', '),
  );
}
