/** The smallest policy under which what a trusted guest did, as a trace has it, is let through; as text to be reviewed. */
import { defaultName, isKept, parseUnnamedPlace } from '../../pciback/index.js';
import { deviceIdsText } from './device-policies.js';
import { harmOfField, UNNAMED_HARM } from './harm.js';
import { policyName } from './policy-check.js';
import { valuesText, type FunctionActivity, type TraceSummary, type WrittenField } from './trace-summary.js';

/** One entry of a learned policy. */
export interface LearnedEntry {
  readonly name: string;
  /** What of the trace it is for. */
  readonly fields: readonly WrittenField[];
  /** Why it is not taken up without a person's word; undefined for what is. */
  readonly harm: string | undefined;
}

/** Of one kind of device; {@link policyText} writes it. */
export interface LearnedPolicy {
  /** `8086:10d3`. */
  readonly device: string;
  readonly subsystem: string | undefined;
  /** Taken up. */
  readonly allow: readonly LearnedEntry[];
  /** The guest asked for it, and it is dangerous: it stands in the text as a comment. */
  readonly dangerous: readonly LearnedEntry[];
  /** The guest asked for it, and it stays openslot's. */
  readonly kept: readonly WrittenField[];
  /** What speaks against the trace being all that the driver ever does. */
  readonly doubts: readonly string[];
  /** The functions of the trace that it was learned from. */
  readonly activities: readonly FunctionActivity[];
}

/** A policy for each device of the trace; functions of the same ids are one device to it. */
export function learnPolicies(summary: TraceSummary): readonly LearnedPolicy[] {
  const byDevice = new Map<string, FunctionActivity[]>();
  for (const activity of summary.functions) {
    const key = deviceIdsText(activity.function);
    byDevice.set(key, [...(byDevice.get(key) ?? []), activity]);
  }
  return [...byDevice.values()].flatMap((activities) => {
    const [first] = activities;
    return first === undefined ? [] : [learnDevice(first, activities, summary.lost)];
  });
}

function learnDevice(
  first: FunctionActivity,
  activities: readonly FunctionActivity[],
  lost: number,
): LearnedPolicy {
  const entries = new Map<string, LearnedEntry>();
  const kept: WrittenField[] = [];
  for (const field of activities.flatMap(({ written }) => written)) {
    if (isKept(field.name)) {
      // What it is let do by our own ways it does without a policy.
      if (field.refused > 0) kept.push(field);
      continue;
    }
    const { named } = field;
    const name = named === undefined ? field.name : policyName(named.present, named.field);
    const before = entries.get(name);
    entries.set(name, {
      name,
      fields: [...(before?.fields ?? []), field],
      harm: before?.harm ?? harmOf(field),
    });
  }
  const late = activities.filter(({ function: fn }) => !fn.fromTheStart);
  const all = [...entries.values()];
  return {
    device: first.function.device,
    subsystem: first.function.subsystem,
    allow: all.filter(({ harm }) => harm === undefined),
    dangerous: all.filter(({ harm }) => harm !== undefined),
    kept,
    doubts: [
      ...late.map(
        ({ function: fn }) =>
          `the driver of ${fn.address} had begun before the trace did: what it does at its start is missing`,
      ),
      ...(lost === 0 ? [] : [`${lost} accesses were lost between: what they asked for may be missing`]),
    ],
    activities,
  };
}

function harmOf({ name, named }: WrittenField): string | undefined {
  if (named === undefined) return UNNAMED_HARM;
  const { table, register } = named.present;
  // What the default has its own way with is as harmless in a learned one.
  return defaultName(name) === undefined ? harmOfField(table, register, named.field) : undefined;
}

/** As a person reviews it, and {@link parsePolicy} reads it. `from` says where the trace is from. */
export function policyText(policy: LearnedPolicy, from: string): string {
  const { device, subsystem, allow, dangerous, kept, doubts, activities } = policy;
  const [reads, writes] = [activities, activities].map((list, index) =>
    list.reduce((sum, each) => sum + (index === 0 ? each.reads : each.writes), 0),
  );
  const lines = [
    `# What a guest may write in configuration space of ${device}, learned from ${comment(from)}.`,
    `# It made ${String(reads)} reads and ${String(writes)} writes. What is not listed is read, and its writes are dropped;`,
    '# command, BARs and interrupts are openslot’s, and work without being listed.',
    ...doubts.map((doubt) => `# Doubtful: ${comment(doubt)}.`),
    'policy: 1',
    `device: '${device}'`,
    ...(subsystem === undefined ? [] : [`subsystem: '${subsystem}'`]),
    '',
    allow.length === 0 ? 'allow: []' : 'allow:',
    ...allow.flatMap((entry) => [...entryComments(entry), `  - ${entry.name}`]),
    '',
    '# Each of these can harm the host or other devices. Take one up only if you know why its driver needs it.',
    ...(dangerous.length === 0
      ? ['dangerous: []']
      : [
          'dangerous:',
          ...dangerous.flatMap((entry) => [
            ...entryComments(entry),
            `  # ${comment(entry.harm ?? '')}`,
            `  # - ${entry.name}`,
          ]),
        ]),
  ];
  if (kept.length > 0)
    lines.push(
      '',
      '# The guest asked for these, too. They stay openslot’s, and no policy can have them.',
      ...kept.map((field) => `#   ${field.name}: ${comment(valuesText(field))}`),
    );
  return `${lines.join('\n')}\n`;
}

function entryComments({ name, fields }: LearnedEntry): string[] {
  return fields.map((field) => {
    const { writes, refused } = field;
    const times = `${writes} ${writes === 1 ? 'write' : 'writes'}`;
    const dropped = refused === 0 ? '' : refused === writes ? ', refused' : `, ${refused} of them refused`;
    const title = field.named?.field.title ?? 'no table tells what stands there';
    const which = field.name === name || parseUnnamedPlace(name) !== undefined ? '' : `${field.name}: `;
    return `  # ${comment(`${which}${title}: ${times}${dropped}, ${valuesText(field)}`)}`;
  });
}

/** In one line, whatever it is made of. */
function comment(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}
