/** What driverctl, udev and systemd do with a file of /etc/driverctl.d: the rules, and the kind of boot file. */
import type { BootFileKind, ByteText } from '../boot-file.js';
import { Findings, type BootRules } from '../boot-rule.js';
import { driverctlAddress, driverctlDriver, isDriverName } from './driverctl.js';

const FAILS =
  'the function is taken from its driver, and given none: modprobe and the kernel know no driver of that name';

/** driverctl 0.111, its rule for udev and its unit. */
export const DRIVERCTL_RULES = {
  FILE_NAME: {
    severity: 'error',
    what: 'the file is not named for a function: pci-DDDD:BB:DD.F, in small letters',
    effect: 'udev looks for exactly that name, so the file is never read; no message',
  },
  FILE_EMPTY: {
    severity: 'error',
    what: 'the file is empty',
    effect: 'driverctl ends with an error, and the function keeps the driver that it has',
  },
  DRIVER_MISSING: {
    severity: 'error',
    what: 'line ends and no driver',
    effect: 'driverctl clears the override, and gives the function to the driver that the kernel prefers',
  },
  DRIVER_LINES: {
    severity: 'error',
    what: 'more than one line; driverctl has no comments, and all lines are the name of the driver',
    effect: FAILS,
  },
  DRIVER_SPACED: {
    severity: 'error',
    what: 'white space is part of the name of the driver',
    effect: FAILS,
  },
  DRIVER_NAME: { severity: 'error', what: 'this cannot be the name of a driver', effect: FAILS },
  NUL_DROPPED: {
    severity: 'warning',
    what: 'NUL bytes',
    effect: 'bash drops them with a warning',
  },
} as const satisfies BootRules;

function lint(text: ByteText, path?: string) {
  const findings = new Findings(DRIVERCTL_RULES);
  const name = path?.slice(path.lastIndexOf('/') + 1);
  if (name !== undefined && driverctlAddress(name) === undefined)
    findings.add('FILE_NAME', { offset: 0, length: 0 }, name);
  const nul = text.indexOf('\0');
  if (nul >= 0) findings.add('NUL_DROPPED', { offset: nul, length: 1 });
  const driver = driverctlDriver(text);
  const whole = { offset: 0, length: text.length };
  if (driver === undefined) findings.add(text === '' ? 'FILE_EMPTY' : 'DRIVER_MISSING', whole);
  else if (driver.includes('\n')) {
    const second = text.indexOf('\n') + 1;
    const [line = ''] = text.slice(second).split('\n', 1);
    findings.add('DRIVER_LINES', { offset: second, length: line.length });
  } else if (/\s/.test(driver)) {
    const at = text.search(/\s/);
    findings.add('DRIVER_SPACED', { offset: at, length: 1 });
  } else if (!isDriverName(driver)) findings.add('DRIVER_NAME', { offset: 0, length: driver.length });
  return findings.sorted();
}

export const driverctlFile: BootFileKind = {
  name: 'driverctl',
  reader: 'driverctl',
  recognises: (path) => /(^|\/)driverctl\.d\/[^/]+$/.test(path),
  lint,
  // It has no parts: what it says is all that it holds.
  print: (text) => text,
};
