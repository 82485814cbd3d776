/**
 * A client of SUMO's TraCI (https://sumo.dlr.de/docs/TraCI/Protocol.html), as far as a street needs it: all commands of a
 * step go out in one message, and what was subscribed to comes back with the step, so that a step is one round trip.
 */
import { connect, type Socket } from 'node:net';
import { MessageReader, MessageWriter, TYPE } from './traci-bytes.ts';

const COMMAND = {
  version: 0x00,
  step: 0x02,
  close: 0x7f,
  setSignal: 0xc2,
  getVehicle: 0xa4,
  subscribeVehicle: 0xd4,
  subscribeSimulation: 0xdb,
} as const;

const RESPONSE = { getVehicle: 0xb4, vehicle: 0xe4, simulation: 0xeb } as const;

const VARIABLE = {
  speed: 0x40,
  length: 0x44,
  laneId: 0x51,
  lanePosition: 0x56,
  edges: 0x54,
  signalState: 0x20,
  time: 0x66,
  departed: 0x74,
  teleportStarts: 0x76,
  arrived: 0x7a,
  expected: 0x7d,
} as const;

/** SUMO answers longer than this with something that is no answer, bytes. */
const MOST_BYTES = 1 << 30;

/** SUMO refused a command, or spoke another language. */
export class TraciError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TraciError';
  }
}

/** A vehicle in the network. The same object from step to step. */
export interface TraciVehicle {
  readonly id: string;
  /** Empty between lanes (teleporting). */
  laneId: string;
  /** Front, metres along the lane. */
  lanePosition: number;
  /** m/s. */
  speed: number;
  /** Known a step after it entered; empty before. */
  edges: readonly string[];
  /** Metres. */
  length: number;
}

/** What a step brought. */
export interface TraciStep {
  /** Seconds on SUMO's clock. */
  readonly timeSeconds: number;
  readonly departed: readonly string[];
  readonly arrived: readonly string[];
  readonly teleported: number;
  /** Vehicles in the network or yet to come. */
  readonly expected: number;
}

export class TraciClient {
  /** Vehicles in the network, in the order in which they came. */
  readonly vehicles = new Map<string, TraciVehicle>();
  private readonly socket: Socket;
  private readonly writer = new MessageWriter();
  private received: Buffer[] = [];
  private receivedBytes = 0;
  private waiting: { resolve: (message: Buffer) => void; reject: (error: Error) => void } | null = null;
  private broken: Error | null = null;
  /** Commands of the next message, in order: what their answers are. */
  private pending: ((reader: MessageReader) => void)[] = [];
  private newcomers: readonly string[] = [];
  private step_: { -readonly [K in keyof TraciStep]: TraciStep[K] } = {
    timeSeconds: 0,
    departed: [],
    arrived: [],
    teleported: 0,
    expected: 0,
  };

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (data) => this.take(data));
    const end = (error: Error) => {
      this.broken ??= error;
      this.waiting?.reject(this.broken);
      this.waiting = null;
    };
    socket.on('error', (error) => end(new TraciError(`the connection to SUMO broke: ${error.message}`)));
    socket.on('close', () => end(new TraciError('SUMO closed the connection')));
  }

  /** Connects once. Rejects with Node's error where nobody listens. */
  static open(port: number, host = '127.0.0.1'): Promise<TraciClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new TraciClient(socket));
      });
    });
  }

  /** Version of the protocol and SUMO's name for itself. */
  async version(): Promise<{ api: number; name: string }> {
    let answer = { api: 0, name: '' };
    this.queue(
      COMMAND.version,
      () => {},
      (reader) => {
        reader.commandLength();
        reader.byte();
        answer = { api: reader.integer(), name: reader.string() };
      },
    );
    await this.exchange();
    return answer;
  }

  /** Asks to be told at each step which vehicles entered and left, and how many there are. Goes out with the next message. */
  watchSimulation(): void {
    const { time, departed, arrived, teleportStarts, expected } = VARIABLE;
    this.subscribe(COMMAND.subscribeSimulation, '', [time, departed, arrived, teleportStarts, expected]);
  }

  /** Sets the state of a signal, one character a link. Goes out with the next message. */
  setSignal(id: string, state: string): void {
    this.queue(COMMAND.setSignal, () => {
      this.writer.byte(VARIABLE.signalState);
      this.writer.string(id);
      this.writer.byte(TYPE.string);
      this.writer.string(state);
    });
  }

  /** Asks anew where a vehicle is going; answered with the next message. */
  askRoute(id: string): void {
    if (this.vehicles.has(id)) this.get(id, VARIABLE.edges);
  }

  /** Sends what is queued and lets SUMO make one step of its own length. */
  async step(): Promise<TraciStep> {
    for (const id of this.newcomers) {
      if (!this.vehicles.has(id)) continue;
      const { laneId, lanePosition, speed, edges, length } = VARIABLE;
      this.subscribe(COMMAND.subscribeVehicle, id, [laneId, lanePosition, speed]);
      this.get(id, edges);
      this.get(id, length);
    }
    this.newcomers = [];
    this.queue(
      COMMAND.step,
      () => this.writer.double(0),
      (reader) => {
        const count = reader.integer();
        for (let i = 0; i < count; i++) this.readSubscription(reader);
      },
    );
    await this.exchange();
    const { departed, arrived } = this.step_;
    for (const id of arrived) this.vehicles.delete(id);
    for (const id of departed) {
      if (!arrived.includes(id))
        this.vehicles.set(id, { id, laneId: '', lanePosition: 0, speed: 0, edges: [], length: 5 });
    }
    this.newcomers = departed;
    return this.step_;
  }

  /** Tells SUMO to finish, and waits for its answer. */
  async close(): Promise<void> {
    if (this.broken !== null) return;
    this.queue(COMMAND.close, () => {});
    await this.exchange().catch((error: unknown) => {
      // It may hang up before it has answered.
      if (this.broken === null) throw error;
    });
    this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }

  private subscribe(command: number, id: string, variables: readonly number[]): void {
    this.queue(
      command,
      () => {
        this.writer.double(-1e9);
        this.writer.double(1e9);
        this.writer.string(id);
        this.writer.byte(variables.length);
        for (const variable of variables) this.writer.byte(variable);
      },
      (reader) => this.readSubscription(reader),
    );
  }

  private get(id: string, variable: number): void {
    this.queue(
      COMMAND.getVehicle,
      () => {
        this.writer.byte(variable);
        this.writer.string(id);
      },
      (reader) => {
        reader.commandLength();
        const response = reader.byte();
        if (response !== RESPONSE.getVehicle)
          throw new TraciError(`SUMO answered 0x${response.toString(16)} where a vehicle's value was asked for`);
        reader.byte();
        const vehicle = this.vehicles.get(reader.string());
        const value = reader.value();
        if (vehicle === undefined) return;
        if (variable === VARIABLE.edges) {
          const edges = value as readonly string[];
          if (edges.length !== vehicle.edges.length || edges.some((edge, i) => edge !== vehicle.edges[i]))
            vehicle.edges = edges;
        } else vehicle.length = value as number;
      },
    );
  }

  private queue(command: number, content: () => void, answer: (reader: MessageReader) => void = () => {}): void {
    this.writer.command(command, content);
    this.pending.push((reader) => {
      reader.commandLength();
      const answered = reader.byte();
      const result = reader.byte();
      const text = reader.string();
      if (answered !== command)
        throw new TraciError(`SUMO answered command 0x${answered.toString(16)}; 0x${command.toString(16)} was sent`);
      if (result !== 0) throw new TraciError(`SUMO refused command 0x${command.toString(16)}: ${text}`);
      answer(reader);
    });
  }

  private async exchange(): Promise<void> {
    const answers = this.pending;
    this.pending = [];
    const message = this.writer.finish();
    this.writer.reset();
    if (this.broken !== null) throw this.broken;
    const reply = await new Promise<Buffer>((resolve, reject) => {
      this.waiting = { resolve, reject };
      this.socket.write(message);
      this.deliver();
    });
    const reader = new MessageReader(reply);
    for (const answer of answers) answer(reader);
  }

  private take(data: Buffer): void {
    this.received.push(data);
    this.receivedBytes += data.length;
    this.deliver();
  }

  /** Hands over a message that is complete. */
  private deliver(): void {
    if (this.waiting === null || this.receivedBytes < 4) return;
    if (this.received[0]!.length < 4) this.received = [Buffer.concat(this.received)];
    const length = this.received[0]!.readInt32BE(0);
    const { waiting } = this;
    if (length < 4 || length > MOST_BYTES) {
      this.waiting = null;
      waiting.reject(new TraciError(`SUMO announced a message of ${length} bytes`));
      return;
    }
    if (this.receivedBytes < length) return;
    const all = this.received.length === 1 ? this.received[0]! : Buffer.concat(this.received);
    this.received = all.length > length ? [all.subarray(length)] : [];
    this.receivedBytes = all.length - length;
    this.waiting = null;
    waiting.resolve(all.subarray(4, length));
  }

  private readSubscription(reader: MessageReader): void {
    reader.commandLength();
    const response = reader.byte();
    const id = reader.string();
    const count = reader.byte();
    const vehicle = response === RESPONSE.vehicle ? this.vehicles.get(id) : undefined;
    for (let i = 0; i < count; i++) {
      const variable = reader.byte();
      const failed = reader.byte() !== 0;
      const value = reader.value();
      if (failed) {
        throw new TraciError(`SUMO does not tell variable 0x${variable.toString(16)} of "${id}": ${String(value)}`);
      }
      if (vehicle !== undefined) {
        if (variable === VARIABLE.laneId) vehicle.laneId = value as string;
        else if (variable === VARIABLE.lanePosition) vehicle.lanePosition = value as number;
        else if (variable === VARIABLE.speed) vehicle.speed = value as number;
      } else if (response === RESPONSE.simulation) {
        if (variable === VARIABLE.time) this.step_.timeSeconds = value as number;
        else if (variable === VARIABLE.departed) this.step_.departed = value as readonly string[];
        else if (variable === VARIABLE.arrived) this.step_.arrived = value as readonly string[];
        else if (variable === VARIABLE.teleportStarts) this.step_.teleported += (value as readonly string[]).length;
        else if (variable === VARIABLE.expected) this.step_.expected = value as number;
      }
    }
  }
}
