/** Why a link is slower or narrower than it could be: both ends compared. */
import { linkOf, leadsDown, otherEnd, speedText, trainedText, type LinkEnd } from '../link.js';
import type { FunctionNode } from '../topology.js';
import { nameOf, type Found, type Rule, type Subject } from './rule.js';

/** Both ends of a link that is up. */
interface Link {
  readonly own: LinkEnd;
  readonly other: LinkEnd;
  readonly otherNode: FunctionNode;
}

function linkAt({ node }: Subject): Link | undefined {
  const otherNode = otherEnd(node);
  if (otherNode === undefined) return undefined;
  const [own, other] = [linkOf(node.fields), linkOf(otherNode.fields)];
  if (own === undefined || other === undefined || own.width === 0) return undefined;
  return { own, other, otherNode };
}

function atMost({ maxSpeed, maxWidth }: LinkEnd): string {
  return trainedText({ speed: maxSpeed, width: maxWidth });
}

function evidenceOf({ own, other, otherNode }: Link) {
  return {
    now: trainedText(own),
    atMost: atMost(own),
    otherEnd: nameOf(otherNode),
    otherAtMost: atMost(other),
  };
}

const limitedByOther: Rule = {
  code: 'LINK_LIMITED_BY_OTHER_END',
  weight: 'limit',
  why: 'a link runs at what both of its ends can',
  next: 'another slot; the ports and what they can: openslot tree',
  look(subject) {
    const link = linkAt(subject);
    if (link === undefined) return [];
    const { own, other, otherNode } = link;
    const slower = other.maxSpeed < own.maxSpeed && own.speed === other.maxSpeed;
    const narrower = other.maxWidth < own.maxWidth && own.width === other.maxWidth;
    if (!slower && !narrower) return [];
    const can = `${nameOf(otherNode)} at its other end can ${atMost(other)} at most`;
    return [
      { what: `the link runs at ${trainedText(own)} of ${atMost(own)}: ${can}`, evidence: evidenceOf(link) },
    ];
  },
};

const targetLowered: Rule = {
  code: 'LINK_TARGET_LOWERED',
  weight: 'limit',
  why: 'software, or firmware, asked for no more: the target speed of Link Control 2 (PCI Express Base 6.0, 7.5.3.19)',
  next: '',
  look(subject) {
    const link = linkAt(subject);
    if (link === undefined) return [];
    const { node } = subject;
    const { own, other, otherNode } = link;
    const possible = Math.min(own.maxSpeed, other.maxSpeed);
    if (own.speed >= possible) return [];
    return [
      { end: own, at: node },
      { end: other, at: otherNode },
    ].flatMap(({ end, at }): Found[] =>
      end.target === undefined || end.target >= possible || end.target < own.speed
        ? []
        : [
            {
              what: `the link runs at ${speedText(own.speed)}, both ends can ${speedText(possible)}, and ${nameOf(at)} is set to ${speedText(end.target)} at most`,
              next: `openslot set ${nameOf(at)} pcie.lnkctl2.target_speed=${possible}; then retrain the link at its upper end (pcie.lnkctl.retrain=on)`,
              evidence: { ...evidenceOf(link), target: speedText(end.target), of: nameOf(at) },
            },
          ],
    );
  },
};

/** Correctable errors that a bad signal makes (PCI Express Base 6.0, 6.2.3.2). */
const SIGNAL_ERRORS = ['receiver', 'bad_tlp', 'bad_dllp', 'replay_rollover', 'replay_timeout'];

function signalErrors({ fields }: FunctionNode): string[] {
  return SIGNAL_ERRORS.filter((name) => fields.isSet(`aer.correctable.${name}`));
}

const trainedBelow: Rule = {
  code: 'LINK_TRAINED_BELOW',
  weight: 'limit',
  why: 'nothing in the registers asks for it: fewer lanes are wired to the slot, the card does not sit well, the signal is bad, or the device saves power until it has work',
  next: 'look at the link again while the device works; then reseat the card, or try another slot',
  look(subject) {
    const link = linkAt(subject);
    if (link === undefined) return [];
    const { own, other, otherNode } = link;
    const speed = Math.min(own.maxSpeed, other.maxSpeed);
    const width = Math.min(own.maxWidth, other.maxWidth);
    const asked = [own.target, other.target].some((target) => target !== undefined && target < speed);
    const slower = own.speed < speed && !asked;
    if (!slower && own.width >= width) return [];
    const errors = [...signalErrors(subject.node), ...signalErrors(otherNode)];
    return [
      {
        what: `the link runs at ${trainedText(own)}, and both ends can ${trainedText({ speed, width })}`,
        ...(errors.length > 0 && {
          why: `a bad signal: ${errors.join(', ')} errors were logged at its ends`,
        }),
        evidence: { ...evidenceOf(link), bothCan: trainedText({ speed, width }), errors },
      },
    ];
  },
};

const linkDown: Rule = {
  code: 'LINK_DOWN',
  weight: 'fault',
  why: 'what is behind the port is not reached',
  next: 'reseat the card; a slot with power control may be off (pcie.sltctl)',
  look({ node }) {
    const link = linkOf(node.fields);
    if (link === undefined || !leadsDown(node.fields)) return [];
    const present = node.fields.isSet('pcie.sltsta.present');
    if (!present || (link.active ?? link.width > 0)) return [];
    return [
      {
        what: 'a card is in the slot, and its link is down',
        evidence: { powerOff: node.fields.isSet('pcie.sltctl.power_off') ? 'yes' : 'no' },
      },
    ];
  },
};

/** Bytes by the number in a payload field. */
function payload(raw: number): number {
  return 128 << raw;
}

const payloadAbove: Rule = {
  code: 'PAYLOAD_ABOVE_PORT',
  weight: 'fault',
  why: 'the port takes a packet that is larger than its own setting for malformed, which is a fatal error',
  next: '',
  look({ node }) {
    const above = node.above;
    const own = node.fields.raw('pcie.devctl.max_payload');
    const ports = above?.fields.raw('pcie.devctl.max_payload');
    if (above === undefined || own === undefined || ports === undefined || own <= ports) return [];
    return [
      {
        what: `it sends up to ${payload(own)} bytes a packet, and ${nameOf(above)} above it is set to ${payload(ports)}`,
        next: `openslot set ${nameOf(node)} pcie.devctl.max_payload=${payload(ports)}`,
        evidence: { own: payload(own), port: payload(ports), portAddress: nameOf(above) },
      },
    ];
  },
};

export const linkRules: readonly Rule[] = [
  linkDown,
  limitedByOther,
  targetLowered,
  trainedBelow,
  payloadAbove,
];
