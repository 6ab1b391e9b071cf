/** The steps of error recovery as data: which one follows which answer. */
import { Command, type ChannelState, type RecoveryResult } from '../xen/pciif/index.js';

/** In the order of Linux's recovery (Documentation/PCI/pci-error-recovery). `slot_reset` comes after a reset. */
export type RecoveryStep = 'error_detected' | 'mmio_enabled' | 'slot_reset' | 'resume';

/** The protocol's command of each step. */
export const STEP_COMMANDS: Readonly<Record<RecoveryStep, number>> = {
  error_detected: Command.aerDetected,
  mmio_enabled: Command.aerMmio,
  slot_reset: Command.aerSlotReset,
  resume: Command.aerResume,
};

type NextSteps = Readonly<Partial<Record<RecoveryResult, RecoveryStep>>>;

/** States of a function that somebody may recover. */
export type ErrorChannel = Exclude<ChannelState, 'failed'>;

const AFTER_ERROR: Readonly<Record<ErrorChannel, NextSteps>> = {
  normal: { can_recover: 'mmio_enabled', need_reset: 'slot_reset', recovered: 'resume' },
  // Nothing passes before a reset, whatever the driver hopes for.
  frozen: { can_recover: 'slot_reset', need_reset: 'slot_reset', recovered: 'slot_reset' },
};

const AFTER: Readonly<Record<Exclude<RecoveryStep, 'error_detected' | 'resume'>, NextSteps>> = {
  mmio_enabled: { recovered: 'resume', need_reset: 'slot_reset' },
  slot_reset: { recovered: 'resume' },
};

/** What follows an answer; undefined when the answer ends the recovery without success. `resume` takes no answer. */
export function nextStep(
  step: Exclude<RecoveryStep, 'resume'>,
  state: ErrorChannel,
  result: RecoveryResult,
): RecoveryStep | undefined {
  return step === 'error_detected' ? AFTER_ERROR[state][result] : AFTER[step][result];
}

const DEMANDS: readonly RecoveryStep[] = ['resume', 'mmio_enabled', 'slot_reset'];

/** Functions of one device go on together: with the step that asks for most. Of none it is the last step. */
export function mostDemanding(steps: readonly RecoveryStep[]): RecoveryStep {
  return steps.reduce(
    (most, step) => (DEMANDS.indexOf(step) > DEMANDS.indexOf(most) ? step : most),
    'resume',
  );
}
