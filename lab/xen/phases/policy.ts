/** The phase `policy`: policies are learned from one guest, and the next guest works under them, and no further. */
import type { Phase, PhaseRun } from './phase.js';
import { judgeProof } from './proofs.js';

export const policy: Phase = { name: 'policy', machine: 'first', backEnds: ['openslot'], judge };

const STATE = '/var/lib/openslot/policies';

/** Names that a policy's text allows: what stands in comments is none. */
function allowedIn(text: string): readonly string[] {
  return [...text.matchAll(/^ {2}- (\S+)$/gm)].map(([, name = '']) => name);
}

/** What a guest may write where nobody has said it. */
const DEFAULT = [
  'header.cache_line',
  'header.bist',
  'pm.pmcsr.state',
  'pm.pmcsr.data_select',
  'pm.pmcsr.pme_status',
  'vpd.address',
];

function judge(run: PhaseRun): void {
  const { checks, facts } = run;
  for (const driver of ['e1000e', 'e1000']) run.succeeded(`claim.${driver}`);
  for (const step of ['create', 'unpause']) run.succeeded(step);
  judgeProofs(run, 'first');
  run.equal('the trace of the first guest ends with 0', 'first.code', '0');
  run.equal('by the default the guest sets its cache line size', 'first.cache-line', '10');
  run.equal('and e1000 cannot set its latency timer', 'first.latency', '00');
  run.matches('which the trace tells', 'first.said', /^ {2}REFUSED.*\n {2}header\.latency /m);

  for (const driver of ['e1000e', 'e1000']) {
    run.succeeded(`learn.${driver}`);
    run.succeeded(`set.${driver}`);
  }
  const learned = allowedIn(facts.file('e1000e.yaml'));
  checks.matches(
    'that e1000e wants errors to be reported to the host is left to a person',
    facts.file('e1000e.yaml'),
    /^ {2}# - pcie\.devctl\.fatal$/m,
  );
  checks.none(
    'what e1000e needs is in the default',
    learned.filter((name) => !DEFAULT.includes(name)),
  );
  checks.equal(
    'and is less than the default',
    learned.length < DEFAULT.length ? 'less' : learned.join(' '),
    'less',
    `${learned.join(', ') || 'nothing'} instead of ${DEFAULT.join(', ')}`,
  );
  const more = allowedIn(facts.file('e1000.yaml'));
  checks.equal(
    'e1000 needs more than the default',
    more.includes('header.latency') ? 'header.latency' : more.join(' '),
    'header.latency',
    more.join(', '),
  );

  for (const step of ['create.second', 'unpause.second']) run.succeeded(step);
  judgeProofs(run, 'second');
  run.equal('under its policy e1000e cannot set its cache line size', 'second.cache-line', '00');
  run.matches('which the trace tells', 'second.said', /^ {2}REFUSED.*\n(.*\n)*? {2}header\.cache_line /m);
  run.equal('and e1000 has set its latency timer', 'second.latency', '40');
  for (const ids of ['8086-10d3', '8086-100e'])
    run.matches(`it is held to the policy of ${ids}`, 'second.said', new RegExp(`policy ${STATE}/${ids}`));
  run.equal('the trace of the second guest ends with 0', 'second.code', '0');
  run.succeeded('destroy.second');
  for (const driver of ['e1000e', 'e1000']) run.succeeded(`release.${driver}`);
  run.nothingLeft(['policy', 'second']);
  for (const name of ['e1000e.yaml', 'e1000.yaml']) console.log(`\n${name}:\n${facts.file(name)}`);
  for (const name of ['first.said', 'second.said']) console.log(`\n${name}:\n${facts.get(name) ?? ''}`);
}

function judgeProofs(run: PhaseRun, guest: string): void {
  for (const driver of ['e1000e', 'e1000'] as const) judgeProof(run, `${guest}.${driver}`, driver);
}
