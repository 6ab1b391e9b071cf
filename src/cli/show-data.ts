/** One function as `openslot show --json` prints it. */
import { regionToWire } from '../function/wire.js';
import {
  decodeVpd,
  hexNumber,
  vpdText,
  type DecodedField,
  type DecodedFunction,
  type DecodedRegister,
  type PciAddress,
} from '../pci/index.js';
import type { FunctionFacts } from './function-text.js';
import type { FunctionNames } from './names-in-use.js';
import type { ShownFunction } from './show-schema.js';

/** What JSON has no number for is text. */
export function showData(
  address: PciAddress,
  facts: FunctionFacts,
  names?: FunctionNames,
  givenName?: string,
): ShownFunction {
  const { summary, regions, resetMethods, interruptLine, decoded, vpd, findings } = facts;
  return {
    address: String(address),
    ...(summary === undefined ? {} : { summary: { ...summary, address: String(summary.address) } }),
    regions: regions.map(regionToWire),
    resetMethods,
    ...(interruptLine === undefined ? {} : { interruptLine }),
    decoded: decodedData(decoded),
    ...(vpd === undefined ? {} : { vpd: vpdData(vpd) }),
    findings,
    ...(names === undefined ? {} : { names }),
    ...(givenName === undefined ? {} : { givenName }),
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
  return { ...register, fields: register.fields.map(fieldData) };
}

/** A field as JSON carries it: bits that are no number there are text. */
export function fieldData(field: DecodedField) {
  const { raw } = field;
  return { ...field, raw: typeof raw === 'bigint' ? hexNumber(raw) : raw };
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
