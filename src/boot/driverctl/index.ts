/** The files of driverctl: which driver a function gets at each boot. Knows the vocabulary of PCI, and does no I/O. */
export {
  DRIVERCTL_FOLDER,
  driverctlAddress,
  driverctlDriver,
  driverctlFileName,
  isDriverName,
  NO_DRIVER,
  setDriverctlDriver,
} from './driverctl.js';
export { DRIVERCTL_RULES, driverctlFile } from './driverctl-lint.js';
