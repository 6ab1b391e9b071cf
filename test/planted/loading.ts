/** Module loading with one text replaced; runs in the thread that node loads modules in. */
import type { LoadHook } from 'node:module';
import { FAULT_VARIABLE, moduleUrl, type PlantedFault } from './fault.js';

const fault = JSON.parse(process.env[FAULT_VARIABLE] ?? 'null') as PlantedFault | null;
const target = fault === null ? undefined : moduleUrl(fault);

export const load: LoadHook = async (url, context, next) => {
  const loaded = await next(url, context);
  if (fault === null || url !== target) return loaded;
  const source = Buffer.from(loaded.source as Uint8Array).toString('utf8');
  return { ...loaded, source: source.replace(fault.text, () => fault.instead) };
};
