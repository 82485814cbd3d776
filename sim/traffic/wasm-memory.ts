/**
 * What both engines need to run a core of WebAssembly: its module, the numbers it gives to arrays and fields, and a
 * memory in which their arrays lie one after the other, seen by the core and by everybody else.
 */

export type Numbers = Int32Array | Float64Array | Uint8Array;

interface Column<T extends Numbers> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, at: number, length: number): T;
}

/** An array of the memory: its kind, its length, and what it holds at the begin, 0 where nothing is said. */
export interface Part<T extends Numbers = Numbers> {
  readonly kind: Column<T>;
  readonly length: number;
  readonly from?: ArrayLike<number> | number;
}

/** What is used of WebAssembly: Node's types leave it to the browser's. */
interface Wasm {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Memory: new (size: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly Instance: new (module: object, imports: { env: Record<string, unknown> }) => { readonly exports: unknown };
}
const { Module, Memory, Instance } = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly;

const PAGE_BYTES = 65536;

/** A copy of `array` for the memory. */
export function copyOf(array: Numbers): Part {
  return { kind: array.constructor as unknown as Column<Numbers>, length: array.length, from: array };
}

export class CompiledCore {
  readonly #module: object;
  readonly #constants: Readonly<Record<string, { readonly value: number }>>;

  /** `text`: WebAssembly in base64. `functions`: those that it calls. */
  constructor(text: string, functions: readonly string[] = []) {
    this.#module = new Module(Buffer.from(text, 'base64'));
    const none = Object.fromEntries(functions.map((name) => [name, () => {}]));
    const { exports } = new Instance(this.#module, { env: { memory: new Memory({ initial: 1 }), ...none } });
    this.#constants = exports as Record<string, { value: number }>;
  }

  /** The number that the core gives to an array or a field. Throws RangeError where it has none of that name. */
  constant(name: string): number {
    const known = this.#constants[name];
    if (known === undefined) throw new RangeError(`The compiled core has no ${name}. Run npm run core.`);
    return known.value;
  }

  /**
   * Lays out arrays by the names of their numbers, each from a multiple of 8 on, in the order given, after the table of
   * where they begin.
   */
  layOut<P extends Readonly<Record<string, Part>>>(parts: P): LaidOut<P> {
    const numbers = this.constant('ARRAYS');
    let end = 8 * Math.ceil((4 * numbers) / 8);
    const placed = Object.entries(parts).map(([name, part]) => {
      const at = end;
      end += 8 * Math.ceil((part.length * part.kind.BYTES_PER_ELEMENT) / 8);
      return { name, part, at };
    });
    const memory = new Memory({ initial: Math.ceil(end / PAGE_BYTES) });
    const begins = new Uint32Array(memory.buffer, 0, numbers);
    const views: Record<string, Numbers> = {};
    for (const { name, part, at } of placed) {
      begins[this.constant(name)] = at;
      const view = new part.kind(memory.buffer, at, part.length);
      if (typeof part.from === 'number') view.fill(part.from);
      else if (part.from !== undefined) view.set(part.from);
      views[name] = view;
    }
    return { memory, views } as LaidOut<P>;
  }

  /** The core's functions, on a memory. */
  start<C>(memory: object, functions: Readonly<Record<string, unknown>> = {}): C {
    return new Instance(this.#module, { env: { memory, ...functions } }).exports as C;
  }
}

export interface LaidOut<P extends Readonly<Record<string, Part>>> {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly views: { readonly [K in keyof P]: P[K] extends Part<infer T> ? T : never };
}
