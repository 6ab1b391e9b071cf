/** Setting registers by name and undoing it: what is checked, what is kept on disk, how it is written and put back. */
export * from './errors.js';
export { functionIdentity } from './identity.js';
export { readSelected, type RunAccesses } from './selected-access.js';
export { setRegisters, type RegisterChange, type SetOptions } from './set-registers.js';
export {
  SettingJournal,
  SettingNotKeptError,
  SettingUnreadableError,
  type FunctionIdentity,
  type KeptSetting,
  type SettingRecord,
} from './setting-journal.js';
export { undoSetting, type UndoneRegister } from './undo-setting.js';
