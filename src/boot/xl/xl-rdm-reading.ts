/** The setting `rdm` of an xl.cfg as xl reads it: xlu_rdm_parse of libxlu 4.17, with its faults. */
import type { XL_RULES } from './xl-rules.js';

export interface RdmReading {
  /** xl drops the whole setting. */
  readonly isRefused: boolean;
  readonly isHost: boolean;
  /** What is wrong, and where in the text. */
  readonly rule: Extract<keyof typeof XL_RULES, `RDM_${string}`>;
  readonly start: number;
  readonly end: number;
}

/** As libxl knows them, in any case of letters. libxlu takes its "known" for an error, and its error for "known". */
const POLICY = /^(?:strict|relaxed)$/i;

/** There is always something to tell: no text makes libxlu fill in a policy. */
export function readRdmAsXl(text: string): RdmReading {
  let isHost = false;
  let unknown: { readonly start: number; readonly end: number } | undefined;
  let start = 0;
  for (const option of text.split(',')) {
    const end = start + option.length;
    const [key] = option.split('=', 1);
    if (option === 'strategy=host') isHost = true;
    else if (key !== 'policy' || key === option)
      return { isRefused: true, isHost, rule: 'RDM_MALFORMED', start, end };
    else if (POLICY.test(option.slice('policy='.length)))
      return { isRefused: true, isHost, rule: 'RDM_POLICY_REFUSED', start, end };
    else unknown ??= { start, end };
    start = end + 1;
  }
  if (unknown !== undefined) return { isRefused: false, isHost, rule: 'RDM_POLICY_UNKNOWN', ...unknown };
  return { isRefused: false, isHost, rule: 'RDM_POLICY_UNSAID', start: 0, end: text.length };
}
