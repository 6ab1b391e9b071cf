/** How a simulated function interrupts: its pin, or the message capability that is switched on. */
import type { ConfigSpace } from '../../../function/index.js';
import { CapabilityId } from '../../../pci/index.js';
import type { FunctionShape } from '../device-model.js';
import { Listeners } from '../listeners.js';
import { MsiCapability, type SendMessage } from './msi.js';
import { MsixCapability } from './msix.js';

export class Signals {
  readonly msi: MsiCapability | undefined;
  readonly msix: MsixCapability | undefined;
  readonly #hasPin: boolean;
  readonly #drivePin: (level: boolean) => void;
  readonly #watchers = new Listeners<boolean>();
  /** What the model drives. */
  #level = false;
  /** An interrupt storm holds the pin whatever the model does. */
  #stuck = false;
  #connected = false;
  #asserted = false;

  constructor(shape: FunctionShape, drivePin: (level: boolean) => void, send: SendMessage) {
    this.#hasPin = shape.pin !== undefined;
    this.#drivePin = drivePin;
    if (shape.msi !== undefined) {
      this.msi = new MsiCapability(shape.msi.vectors, shape.msi.maskable ?? false, send);
    }
    if (shape.msix !== undefined) this.msix = new MsixCapability(shape.msix, send);
  }

  /** Where both are switched on, which no software may do, MSI-X wins. */
  get messages(): 'none' | 'msi' | 'msix' {
    if (this.msix?.enabled === true) return 'msix';
    return this.msi?.enabled === true ? 'msi' : 'none';
  }

  /** The pin as bit 3 of Status shows it, also while INTx is disabled. A function that sends messages has none. */
  get pin(): boolean {
    return this.#hasPin && this.messages === 'none' && (this.#level || this.#stuck);
  }

  /** Whether the pin holds its line now. */
  get asserted(): boolean {
    return this.#asserted;
  }

  raise(vector: number): void {
    const { messages } = this;
    if (messages === 'msix') this.msix?.raise(vector);
    else if (messages === 'msi') this.msi?.raise(vector);
  }

  setPin(level: boolean): void {
    this.#level = level;
    this.#drive();
  }

  setStuck(stuck: boolean): void {
    this.#stuck = stuck;
    this.#drive();
  }

  /** Takes over what configuration space says. `connected`: the function is there and INTx is not disabled. */
  refresh(config: ConfigSpace, offsets: ReadonlyMap<number, number>, connected: boolean): void {
    this.#connected = connected;
    const msi = offsets.get(CapabilityId.msi);
    if (msi !== undefined) this.msi?.refresh(config, msi);
    const msix = offsets.get(CapabilityId.msix);
    if (msix !== undefined) this.msix?.refresh(config, msix);
    this.#drive();
  }

  /** The model's pin is low again, vectors are masked, nothing is pending. */
  reset(): void {
    this.#level = false;
    this.msix?.reset();
    this.#drive();
  }

  /** Told of each change of {@link asserted}. */
  watch(watcher: (asserted: boolean) => void): Disposable {
    return this.#watchers.add(watcher);
  }

  #drive(): void {
    const asserted = this.pin && this.#connected;
    if (asserted === this.#asserted) return;
    this.#asserted = asserted;
    this.#drivePin(asserted);
    this.#watchers.tell(asserted);
  }
}
