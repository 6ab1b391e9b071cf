/** Opening a machine by its name: the one place that knows them all, each of which is loaded when it is asked for. */
export {
  DescriptionUnreadableError,
  isFolder,
  isMachineName,
  machineForms,
  openMachine,
  type OpenMachineOptions,
  readDescription,
  UnknownMachineError,
} from './open-machine.js';
export * from './recording/index.js';
