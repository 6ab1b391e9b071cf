/** One function as `openslot show --json` prints it. */
import type { DecodedFunction, DecodedRegister, PciAddress } from '../pci/index.js';
import type { FunctionFacts } from './function-text.js';
import type { FunctionNames } from './names-in-use.js';
import type { ShownFunction } from './show-schema.js';

/** What JSON has no number for is text. */
export function showData(address: PciAddress, facts: FunctionFacts, names?: FunctionNames): ShownFunction {
  const { summary, regions, resetMethods, interruptLine, decoded, findings } = facts;
  return {
    address: String(address),
    ...(summary === undefined ? {} : { summary: { ...summary, address: String(summary.address) } }),
    regions: regions.map((region) => ({ ...region, address: `0x${region.address.toString(16)}` })),
    resetMethods,
    ...(interruptLine === undefined ? {} : { interruptLine }),
    decoded: decodedData(decoded),
    findings,
    ...(names === undefined ? {} : { names }),
  };
}

function decodedData(decoded: DecodedFunction): ShownFunction['decoded'] {
  return {
    ...decoded,
    header: decoded.header.map(registerData),
    capabilities: decoded.capabilities.map((each) => ({
      ...each,
      registers: each.registers.map(registerData),
    })),
  };
}

function registerData(register: DecodedRegister): ShownFunction['decoded']['header'][number] {
  if (!register.readable) return register;
  const fields = register.fields.map((field) => ({
    ...field,
    raw: typeof field.raw === 'bigint' ? (`0x${field.raw.toString(16)}` as const) : field.raw,
  }));
  return { ...register, fields };
}
