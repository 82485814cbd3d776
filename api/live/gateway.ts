import type { Server as HttpServer } from 'node:http';
import { type Socket, Server as SocketServer } from 'socket.io';
import { z } from 'zod';
import type { SafetyEvent } from '../../runs/types.ts';
import type { Twin } from '../../runs/twin-types.ts';
import type { ApiLogger } from '../http/app.ts';
import { errorBody, HttpError, validationError } from '../http/errors.ts';
import type { HostGuard } from '../http/guard.ts';
import type { ClientEvents, ErrorBody, ServerEvents } from '../types.ts';

const FRAMES_MAX_SECONDS = 60;
/** What a client may say at once: ids and numbers are all there is to say. */
const MESSAGE_MAX_BYTES = 16 * 1024;
const EVENTS_PER_SECOND = 50;

const second = z.number().int().min(0);
const inputs = {
  watch: z.tuple([z.uuid()]),
  frames: z.tuple([z.uuid(), second, second]).superRefine(([, from, to], context) => {
    if (to <= from || to > from + FRAMES_MAX_SECONDS) {
      context.addIssue({
        code: 'custom',
        path: [2],
        message: `toSecond has to be above fromSecond (${from}) and at most ${from + FRAMES_MAX_SECONDS}`,
      });
    }
  }),
} as const;

type ClientSocket = Socket<ClientEvents, ServerEvents>;
type Reply = (answer: { ok: true; value: unknown } | { ok: false; error: ErrorBody }) => void;

export interface Gateway {
  /** Sockets connected now. */
  readonly connections: number;
  /** Tells every socket what safety found on streets. */
  tellSafety(events: SafetyEvent[]): void;
  close(): Promise<void>;
}

export interface GatewayOptions {
  server: HttpServer;
  twin: Twin;
  guard: HostGuard;
  logger: ApiLogger;
}

/** Socket.IO: what happens is pushed to those who watch; every question of a client is checked and answered. */
export function openGateway({ server, twin, guard, logger }: GatewayOptions): Gateway {
  const io = new SocketServer<ClientEvents, ServerEvents>(server, {
    transports: ['websocket'],
    // Costs ten times the CPU and saves little on rounded numbers.
    perMessageDeflate: false,
    httpCompression: false,
    serveClient: false,
    maxHttpBufferSize: MESSAGE_MAX_BYTES,
    allowRequest: (request, decide) => {
      const reason = guard.refusal(request, true);
      if (reason !== null) logger.warn({ reason }, 'socket refused');
      decide(reason, reason === null);
    },
  });

  io.on('connection', (socket) => answerEvents(socket, twin, logger));

  twin.on('run', (run) => void io.emit('run', run));
  twin.on('alert', (alert) => void io.emit('alert', alert));
  twin.on('series', (runId, points) => void io.to(roomOf(runId)).emit('series', runId, points));
  twin.on('decisions', (runId, decisions) => void io.to(roomOf(runId)).emit('decisions', runId, decisions));
  twin.on('safety', (runId, events) => void io.to(roomOf(runId)).emit('safety', runId, events));
  twin.on('result', (runId, result) => void io.to(roomOf(runId)).emit('result', runId, result));

  return {
    get connections() {
      return io.of('/').sockets.size;
    },
    tellSafety: (events) => void io.emit('street-safety', events),
    close: () => new Promise((resolve) => void io.close(() => resolve())),
  };
}

const roomOf = (runId: string): string => `run:${runId.toLowerCase()}`;

function answerEvents(socket: ClientSocket, twin: Twin, logger: ApiLogger): void {
  const handlers: Record<keyof typeof inputs, (values: never) => Promise<unknown>> = {
    async watch([runId]: [string]) {
      // Joined first, so that nothing falls between what is answered and what is pushed.
      for (const room of socket.rooms) if (room.startsWith('run:')) await socket.leave(room);
      await socket.join(roomOf(runId));
      try {
        const [run, series, decisions, conflicts] = await Promise.all([
          twin.run(runId),
          twin.series(runId),
          twin.decisions(runId),
          twin.conflicts(runId),
        ]);
        return { ...run, series, decisions, conflicts };
      } catch (error) {
        await socket.leave(roomOf(runId));
        throw error;
      }
    },
    frames: ([runId, from, to]: [string, number, number]) => twin.frames(runId, from, to),
  };
  const budget = new EventBudget();

  // Before any handler: also what is not known, and what has no one to answer to.
  socket.use(async ([event, ...values], next) => {
    const reply = values.at(-1);
    if (typeof reply !== 'function') {
      logger.debug({ event }, 'socket event without an acknowledgement passed over');
      return;
    }
    values.pop();
    try {
      (reply as Reply)({ ok: true, value: await answer(String(event), values) });
    } catch (error) {
      const { status, body } = errorBody(error);
      if (status >= 500) logger.error({ err: error, event }, 'socket event failed');
      (reply as Reply)({ ok: false, error: body });
    }
    // Answered here; there are no handlers behind.
    void next;
  });

  async function answer(event: string, values: unknown[]): Promise<unknown> {
    if (!Object.hasOwn(inputs, event)) {
      throw new HttpError('unknown_event', 404, `There is no event "${event.slice(0, 100)}".`, {
        hint: `There are: ${Object.keys(inputs).join(', ')}.`,
      });
    }
    if (!budget.take()) {
      throw new HttpError('too_many_requests', 429, `More than ${EVENTS_PER_SECOND} events in a second.`, {
        hint: 'Ask again in a second.',
      });
    }
    const name = event as keyof typeof inputs;
    const parsed = inputs[name].safeParse(values);
    if (!parsed.success) throw validationError(parsed.error, 'event');
    return handlers[name](parsed.data as never);
  }
}

/** Counts events in windows of a second. */
class EventBudget {
  #window = 0;
  #used = 0;

  take(): boolean {
    const window = Math.floor(performance.now() / 1000);
    if (window !== this.#window) {
      this.#window = window;
      this.#used = 0;
    }
    return ++this.#used <= EVENTS_PER_SECOND;
  }
}
