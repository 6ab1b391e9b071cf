/** What every owner of a host does for its clients: claims, releases, their plans, and what was left unfinished. */
import { policyOption, type Attachments, type HostClaims } from '../admin/index.js';
import type { OwnerRequests } from '../owner/index.js';

/** Requests that a command answers itself where nobody owns the host. */
export const HOST_REQUESTS = [
  'claim',
  'plan_claim',
  'examine_claim',
  'release',
  'plan_release',
  'adopt',
  'plan_adopt',
  'unfinished',
  'recover',
] as const;
export type HostRequest = (typeof HOST_REQUESTS)[number];

export function hostRequests(claims: HostClaims): Required<Pick<OwnerRequests, HostRequest>> {
  const { adoption } = claims;
  const planned = async (giveBack: boolean) => (giveBack ? adoption.planLeaving() : adoption.plan());
  return {
    claim: ({ addresses, purpose, allow: allowed, evenIfCritical }) =>
      claims.claimAll(addresses, purpose, { allowed, evenIfCritical }),
    plan_claim: async ({ addresses, purpose }) =>
      claims.describe(await claims.planClaims(addresses, purpose)),
    examine_claim: ({ addresses, purpose }) => claims.examine(addresses, purpose),
    release: ({ addresses }) => claims.releaseAll(addresses),
    plan_release: async ({ addresses }) => claims.describe(await claims.planReleases(addresses)),
    adopt: async ({ giveBack }) => adoption.make(await planned(giveBack)),
    plan_adopt: async ({ giveBack }) => {
      const plan = await planned(giveBack);
      return { ...claims.describe(plan), functions: plan.functions };
    },
    unfinished: () => claims.unfinished(),
    recover: ({ finish }) => claims.recover(finish ? 'forth' : 'back'),
  };
}

/** The same of functions for the guests of a tool stack. Of a detachment's specifications only what they name counts. */
export function attachmentRequests(
  attachments: Attachments,
): Required<Pick<OwnerRequests, 'guests' | 'attach' | 'plan_attach' | 'detach' | 'plan_detach'>> {
  return {
    guests: async () => (await attachments.guests()).map(({ id, name }) => ({ id, name })),
    attach: ({ guest, specs, policy, ...options }) =>
      attachments.attach(guest, specs, { ...options, ...policyOption(policy) }),
    plan_attach: ({ guest, specs, policy, ...options }) =>
      attachments.planAttach(guest, specs, { ...options, ...policyOption(policy) }),
    detach: ({ guest, specs, force }) =>
      attachments.detach(
        guest,
        specs.map(({ target }) => target),
        { force },
      ),
    plan_detach: ({ guest, specs, force }) =>
      attachments.planDetach(
        guest,
        specs.map(({ target }) => target),
        { force },
      ),
  };
}
