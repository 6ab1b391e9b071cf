/** Plans: what a change would do, shown before anything is changed. Knows the engine of changes and the findings. */
export { planOf, type PlanData, type UnfinishedPlan } from './plan.js';
export { planLines, type PrintedPlan } from './plan-text.js';
