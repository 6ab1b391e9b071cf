/**
 * Names that functions are given once and keep: what tells the named device from others, and whether it is still the one
 * that stands there. Knows captures, as every machine gives them, and a folder of its records.
 */
export type { Device, DeviceSource } from './device.js';
export {
  DeviceNamedError,
  deviceText,
  NameAbsentError,
  NameAmbiguousError,
  NameGivenTwiceError,
  NameMalformedError,
  NameMovedError,
  NameOtherDeviceError,
  NamesNotWrittenError,
  NamesUnreadableError,
  NameTakenError,
  NameUnknownError,
  NameUnverifiedError,
} from './errors.js';
export { isFunctionName } from './function-name.js';
export {
  FunctionNames,
  refusalOf,
  type GivenName,
  type MisnamedAt,
  type Misnaming,
  type SightedName,
} from './function-names.js';
export { machineSource } from './machine-source.js';
export { NameFolder } from './name-folder.js';
export { nameData, type NameData, type NameRecord } from './name-record.js';
export type { SerialNumber, SerialReading } from './serial-number.js';
export { whatDiffers, type Sighting } from './sighting.js';
