/** What a guest that may write a field can do beyond its own device: why such a field is allowed by hand, or not at all. */
import { criticalField, type Field, type Register, type RegisterTable } from '../../pci/index.js';

/** XSA-120's host crashes began with an error that a guest could cause and the device reported. */
const REPORTED =
  'errors that the guest causes are reported to the host, whose firmware or kernel may answer with a reset or a stop';
const SIGNALS = 'the link’s signals change, and with them what stands at its other end';

/** By register with all of its fields, or by field. */
const HARMS: ReadonlyMap<string, string> = new Map([
  ['pcie.devctl.correctable', REPORTED],
  ['pcie.devctl.non_fatal', REPORTED],
  ['pcie.devctl.fatal', REPORTED],
  ['pcie.devctl.unsupported', REPORTED],
  ['pcie.devctl.max_payload', 'packets that are too large for the bridges above are a fatal error there'],
  ['pcie.lnkctl2', SIGNALS],
  ['aer.uncorrectable_mask', REPORTED],
  ['aer.severity', REPORTED],
  ['aer.correctable_mask', REPORTED],
]);

/** The names that the rules are of: for the check that tables have them. */
export const harmNames: readonly string[] = [...HARMS.keys()];

/** A place without a name can be anything. */
export const UNNAMED_HARM =
  'nothing here says what stands there: what a write does, only the device’s maker can say';

/** Undefined for a field that a guest's driver can have without a second thought. */
export function harmOfField(table: RegisterTable, register: Register, field: Field): string | undefined {
  if (table.window === true) return 'it is a window: a write reaches what stands behind it';
  const whole = `${table.name}.${register.name}`;
  return (
    HARMS.get(whole) ?? HARMS.get(`${whole}.${field.name}`) ?? criticalField(table, register, field)?.why
  );
}
