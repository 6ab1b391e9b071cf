/** One function as `openslot show --json` prints it. */
import {
  decodeVpd,
  vpdText,
  type DecodedFunction,
  type DecodedRegister,
  type PciAddress,
} from '../pci/index.js';
import type { FunctionFacts } from './function-text.js';
import type { FunctionNames } from './names-in-use.js';
import type { ShownFunction } from './show-schema.js';

/** What JSON has no number for is text. */
export function showData(address: PciAddress, facts: FunctionFacts, names?: FunctionNames): ShownFunction {
  const { summary, regions, resetMethods, interruptLine, decoded, vpd, findings } = facts;
  return {
    address: String(address),
    ...(summary === undefined ? {} : { summary: { ...summary, address: String(summary.address) } }),
    regions: regions.map((region) => ({ ...region, address: `0x${region.address.toString(16)}` })),
    resetMethods,
    ...(interruptLine === undefined ? {} : { interruptLine }),
    decoded: decodedData(decoded),
    ...(vpd === undefined ? {} : { vpd: vpdData(vpd) }),
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

function vpdData(data: Uint8Array): NonNullable<ShownFunction['vpd']> {
  const { resources, length, findings } = decodeVpd(data);
  return {
    resources: resources.map((resource) => {
      if (resource.kind === 'name') {
        const { kind, offset, bytes } = resource;
        return { kind, offset, text: vpdText(bytes) };
      }
      const { kind, offset, fields } = resource;
      return {
        kind,
        offset,
        fields: fields.map(({ bytes, ...field }) => ({
          ...field,
          hex: Buffer.from(bytes).toString('hex'),
          ...(field.kind === 'text' ? { text: vpdText(bytes) } : {}),
        })),
      };
    }),
    length,
    findings,
  };
}
