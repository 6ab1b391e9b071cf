/** The function itself: whether it answers, who has it, what the host does with it, reset, power, interrupts. */
import {
  DRIVERCTL_FOLDER,
  driverctlDriver,
  driverctlFileName,
  NO_DRIVER,
} from '../../../boot/driverctl/index.js';
import { explain, type Explanation } from '../../../look/index.js';
import { notations } from '../../../pci/index.js';
import { causesOr, fine, functionCheck, type Check, type Found } from '../check.js';
import type { ExaminedFunction } from '../examined-function.js';

/** The driver that the pool names where none shall bind. */
const NOBODY = 'openslot';
const HOLDERS = ['vfio-pci', 'uio_pci_generic', 'pciback'];

/** Told by checks of their own here. */
const TOLD_ELSEWHERE = new Set(['RESET_NONE', 'RESET_METHODS', 'GROUP_SHARED', 'POWER_LOW']);

function explanationsOf({ topology, address }: ExaminedFunction): readonly Explanation[] {
  return explain(topology, address);
}

const registers = functionCheck({
  name: 'registers',
  layer: 'function',
  asks: 'Do its registers say that it works?',
  purposes: ['vfio', 'xen', 'proto'],
  causes: {
    FUNCTION_GONE: {
      blocks: ['vfio', 'xen', 'proto'],
      why: 'it is not there any more, has no power, or did not survive a reset',
      next: '',
    },
    FUNCTION_FAULT: { blocks: [], why: '', next: '' },
  },
  look({ fn }) {
    const said = explanationsOf(fn).filter(
      ({ code, weight }) => weight !== 'note' && !TOLD_ELSEWHERE.has(code),
    );
    const causes = said.map(
      ({ code, what, details = [], why, next, evidence }): Found<'FUNCTION_GONE' | 'FUNCTION_FAULT'> =>
        code === 'FUNCTION_SILENT'
          ? {
              code: 'FUNCTION_GONE',
              what,
              details,
              next: `echo 1 >/sys/bus/pci/devices/${fn.address}/remove; echo 1 >/sys/bus/pci/rescan; where that does not help: a power cycle`,
              evidence,
            }
          : {
              code: 'FUNCTION_FAULT',
              what,
              details: [...details],
              why,
              next,
              evidence: { ...evidence, rule: code },
            },
    );
    return causesOr(causes, fine('its registers answer, and log no error'));
  },
});

const driver = functionCheck({
  name: 'driver',
  layer: 'function',
  asks: 'Who has the function, and who shall have it?',
  purposes: ['vfio', 'xen', 'proto'],
  causes: {
    FUNCTION_IS_BRIDGE: {
      blocks: ['vfio', 'xen', 'proto'],
      why: 'others are behind it, or the host itself: it cannot be handed over',
      next: 'take the functions behind it: openslot tree',
    },
    DRIVER_OVERRIDE_IDLE: {
      blocks: [],
      why: 'driver_override keeps all other drivers from it, and its own has not come: a bind that failed looks so',
      next: '',
    },
    DRIVERCTL_NOT_TAKEN: {
      blocks: [],
      why: 'driverctl gives it to that driver at each boot, and to whoever removes the override it goes back',
      next: '',
    },
  },
  look({ host, fn }) {
    const { address, name } = fn;
    const { headerType, classCode } = fn.summary;
    if (fn.isBridge)
      return {
        causes: [
          {
            code: 'FUNCTION_IS_BRIDGE',
            what: `${address} is a bridge`,
            evidence: { headerType, class: classCode.toString(16).padStart(6, '0') },
          },
        ],
      };
    const causes: Found<'DRIVER_OVERRIDE_IDLE' | 'DRIVERCTL_NOT_TAKEN'>[] = [];
    const override = overrideOf(fn);
    const has = fn.driver ?? 'no driver';
    if (override !== undefined && override !== NOBODY && override !== fn.driver)
      causes.push({
        code: 'DRIVER_OVERRIDE_IDLE',
        what: `driver_override names ${override}, and ${has} has it`,
        next: `modprobe ${override}; echo ${address} >/sys/bus/pci/drivers_probe; or lift it: echo >/sys/bus/pci/devices/${address}/driver_override`,
        evidence: { override, driver: has },
      });
    const file = `${DRIVERCTL_FOLDER}/${driverctlFileName(address)}`;
    const wanted = driverctlDriver(host.text(file) ?? '');
    if (wanted !== undefined && wanted !== (fn.driver ?? NO_DRIVER))
      causes.push({
        code: 'DRIVERCTL_NOT_TAKEN',
        what: `${file} names ${wanted}, and ${has} has it`,
        next: `driverctl load-override ${address}; or driverctl unset-override ${address}`,
        evidence: { file, wanted, driver: has },
      });
    return causesOr(causes, fine(whoHas(fn.driver, override, name), { driver: fn.driver ?? 'none' }));
  },
});

function whoHas(driver: string | undefined, override: string | undefined, name: string): string {
  if (driver === undefined)
    return override === NOBODY
      ? 'the pool has it, by having no driver'
      : `no driver has it; openslot claim ${name} keeps it so`;
  return HOLDERS.includes(driver)
    ? `${driver} holds it`
    : `${driver} of the host has it; openslot claim ${name} takes it`;
}

/** The kernel says "(null)" where there is none. */
function overrideOf(fn: ExaminedFunction): string | undefined {
  const text = fn.attribute('driver_override');
  return text === undefined || text === '' || text === '(null)' ? undefined : text;
}

const uses = functionCheck({
  name: 'uses',
  layer: 'function',
  asks: 'What would break if the function were taken?',
  purposes: ['vfio', 'xen', 'proto'],
  causes: {
    FUNCTION_CRITICAL: { blocks: ['vfio', 'xen', 'proto'], why: '', next: '' },
    FUNCTION_UNSAFE: { blocks: ['xen'], why: '', next: '' },
    FUNCTION_NOTED: { blocks: [], why: '', next: '' },
  },
  look({ host, fn }) {
    const { findings } = host.facts;
    if (findings === undefined || fn.isBridge) return undefined;
    // A missing reset has a check of its own, with why each method is none.
    const told = findings.filter(({ code }) => code !== 'no-reset');
    return causesOr(
      told.map(({ code, severity, message, why, next }) => ({
        code: SEVERITY_CODES[severity],
        what: `${code}: ${message}`,
        why,
        next,
        evidence: { finding: code },
      })),
      fine('the host does nothing with it, and it shares nothing'),
    );
  },
});

const SEVERITY_CODES = {
  critical: 'FUNCTION_CRITICAL',
  unsafe: 'FUNCTION_UNSAFE',
  note: 'FUNCTION_NOTED',
} as const;

const reset = functionCheck({
  name: 'reset',
  layer: 'function',
  asks: 'Can it be reset between two users?',
  purposes: ['vfio', 'xen', 'proto'],
  causes: {
    RESET_MISSING: {
      blocks: ['xen'],
      why: 'what one user leaves in the device, the next one finds',
      next: 'for guests that trust each other: openslot attach GUEST ADDRESS --allow no-reset',
    },
  },
  look({ fn }) {
    const told = explanationsOf(fn);
    const none = told.find(({ code }) => code === 'RESET_NONE');
    if (none !== undefined)
      return {
        causes: [
          { code: 'RESET_MISSING', what: none.what, details: none.details ?? [], evidence: none.evidence },
        ],
      };
    const methods = told.find(({ code }) => code === 'RESET_METHODS');
    return methods === undefined ? undefined : fine(methods.what, methods.evidence);
  },
});

const power = functionCheck({
  name: 'power',
  layer: 'function',
  asks: 'Does it wake when it is asked?',
  purposes: ['vfio', 'xen', 'proto'],
  causes: {
    POWER_STUCK: {
      blocks: ['vfio', 'xen', 'proto'],
      why: 'it was asked and did not come back ("Unable to change power state from D3cold to D0"): it has no power, or a bridge above sleeps',
      next: '',
    },
  },
  look({ host, fn }) {
    const state = fn.attribute('power_state');
    if (state === undefined || state === 'unknown') return undefined;
    const way = [...fn.path.map(({ fn: { address } }) => address)];
    const slept = way.filter((address) => host.attribute(address, 'power/runtime_status') === 'suspended');
    // Configuration space was read before: the kernel wakes what only sleeps for that.
    if (state === 'D3cold')
      return {
        causes: [
          {
            code: 'POWER_STUCK',
            what: `${fn.address} is in D3cold`,
            details: [fn.address, ...way].map((address) => {
              const [control, status] = ['control', 'runtime_status'].map(
                (file) => host.attribute(address, `power/${file}`) ?? '?',
              );
              return `${address}: power/control ${control ?? '?'}, ${status ?? '?'}`;
            }),
            next: `for each on the way: ${[...way, fn.address].map((address) => `echo on >/sys/bus/pci/devices/${address}/power/control`).join('; ')}; for vfio-pci: options vfio-pci disable_idle_d3=1`,
            evidence: { state, suspended: slept.map(String) },
          },
        ],
      };
    return fine(`it is in ${state}`, { state });
  },
});

const interrupts = functionCheck({
  name: 'interrupts',
  layer: 'function',
  asks: 'Can UIO take its interrupts?',
  purposes: ['proto'],
  causes: {
    UIO_WITHOUT_INTERRUPT: {
      blocks: [],
      why: 'uio_pci_generic knows INTx alone, and refuses a function without a pin',
      next: '',
    },
  },
  look({ fn }) {
    if (fn.driver === 'vfio-pci' || fn.isBridge) return undefined;
    if (fn.node.fields.raw('header.interrupt_pin') !== 0) return fine('it has a pin for INTx');
    return {
      causes: [
        {
          code: 'UIO_WITHOUT_INTERRUPT',
          what: `${fn.address} has no INTx`,
          next: `its messages, with an IOMMU: openslot claim --for vfio ${notations.shortHex.format(fn.address)}`,
          evidence: { pin: 0 },
        },
      ],
    };
  },
});

export const functionChecks: readonly Check[] = [registers, driver, uses, reset, power, interrupts];
