/** `flextraff controller`: the controller alone, for streets and for simulated ones. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import {
  type ControlledJunction,
  type DecisionRecord,
  LiveController,
  leasedOwnership,
  type Ownership,
  soleOwnership,
} from '../controller/service/index.ts';
import { type DialectJunction, hearDialects, planToDialect } from '../feeds/dialects.ts';
import type { MqttLink } from '../feeds/mqtt-link.ts';
import { isSimulationPrefix, LIVE_PREFIX } from '../feeds/topics.ts';
import {
  chooseJunctions,
  type ControllerSetUp,
  parseStrategy,
  readConfig,
  retainedConfigurations,
} from './controller-config.ts';
import { openDecisionLog } from './decision-log.ts';
import { openDecisionStore } from './decision-store.ts';
import { Refusal } from './failure.ts';
import { onInterrupt } from './interrupt.ts';
import { openLog } from './log.ts';
import { loadSettings } from './settings.ts';

export interface ControllerCommandOptions {
  readonly broker?: string;
  readonly shadow?: boolean;
  readonly live?: boolean;
  readonly prefix?: string;
  readonly config?: string;
  readonly scenario?: string;
  readonly junctions?: string;
  readonly strategy?: string;
  readonly threads?: number;
  readonly databaseUrl?: string;
  readonly record?: string;
  readonly id?: string;
  readonly statusSeconds?: number;
}

interface Opened {
  close(): unknown;
}

/** Runs until a signal ends it. */
export async function controller(options: ControllerCommandOptions): Promise<void> {
  const settings = loadSettings();
  const interrupt = onInterrupt();
  const url = options.broker ?? settings.brokerUrl;
  if (url === undefined) {
    throw new Refusal('flextraff controller needs a broker: --broker mqtt://HOST:1883, or FLEXTRAFF_BROKER.');
  }
  const chosen = options.strategy === undefined ? null : parseStrategy(options.strategy);
  if (options.config !== undefined && options.scenario !== undefined)
    throw new Refusal('--config and --scenario both say which junctions there are; give one of them.');
  let setUp: ControllerSetUp | null = null;
  if (options.config !== undefined) setUp = await readConfig(options.config, chosen);
  else if (options.scenario !== undefined) setUp = await fromScenario(options.scenario, chosen);
  const prefix = options.prefix ?? setUp?.prefix ?? LIVE_PREFIX;
  const shadow = options.shadow === true;
  requireConsent(prefix, shadow, options.live === true || setUp?.live === true);

  const logger = openLog(settings.logLevel);
  const id = options.id ?? `controller-${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const opened: Opened[] = [];
  try {
    const link = await openLink(url, prefix, shadow, id);
    opened.push(link);
    let rejected = 0;
    const reject = ({ topic, reason }: { topic: string; reason: string }): void => {
      if (rejected++ % 1000 === 0) logger.warn({ topic }, `a message of ${topic} was not used: ${reason}`);
    };
    link.events.onRejected(reject);
    link.events.onConnection((state, detail) => logger.warn({ state }, detail));
    const all: readonly ControlledJunction[] =
      setUp?.junctions ?? (await fromBroker(link, prefix, chosen ?? { strategy: 'atcs', parameters: {} }));
    const junctions = chooseJunctions(all, options.junctions);
    const ownership = await openOwnership(options, settings.databaseUrl, shadow, id, junctions, opened, say);
    const threads = options.threads ?? settings.threads;
    const { workerDecider } = await import('../controller/service/worker-decider.ts');
    const decider = workerDecider({ threads });
    opened.push(decider);
    const record = options.record ?? join(settings.dataFolder, 'decisions');
    const databaseUrl = options.databaseUrl ?? settings.databaseUrl;
    const decisions =
      databaseUrl === undefined
        ? null
        : openDecisionStore(
            {
              databaseUrl,
              folder: join(record, 'store'),
              controller: id,
              shadow,
              configurations: junctions.map(({ configuration }) => configuration),
            },
            (message) => logger.warn({}, message),
          );
    if (decisions !== null) opened.push(decisions);
    const log = openDecisionLog(record, Date.now, decisions?.take);
    opened.push(log);
    const names = new Map(junctions.map(({ configuration }) => [configuration.junctionId, configuration.name]));
    const dialects = (setUp?.dialects ?? []).filter(({ configuration }) => names.has(configuration.junctionId));
    const newRefusal = refusalsOnce();
    const live = new LiveController({
      link,
      prefix,
      junctions,
      decider,
      threads,
      gatherMs: GATHER_MS,
      ownership,
      shadow,
      onDecision: (record: DecisionRecord) => log.write('decided', record),
      onAcknowledged: (record: DecisionRecord) => {
        log.write('acknowledged', record);
        const refused = newRefusal(record);
        if (refused !== null)
          logger.warn(
            { junctionId: record.junctionId },
            `${names.get(record.junctionId)}: its device refuses: ${refused}`,
          );
      },
      onPlan: (plan) => speak(link, prefix, dialects, plan, (message) => logger.warn({}, message)),
      onProblem: (message) => logger.warn({}, message),
      onOwnership: (junctionId, held, why) =>
        logger.info({ junctionId }, `${names.get(junctionId)}: ${held ? `taken up, mode ${why}` : `left: ${why}`}`),
    });
    const { rehearse } = await import('../controller/service/rehearsal.ts');
    const rehearsed = await rehearse({ junctions, decider, threads, budgetMs: REHEARSAL_MS });
    logger.info(rehearsed, `rehearsed ${rehearsed.decisions} decisions in ${Math.round(rehearsed.milliseconds)} ms`);
    await live.start();
    opened.push(live);
    if (dialects.length > 0) await hearDialects(link, prefix, dialects, (counts) => live.receive(counts), reject);
    process.stdout.write(
      `${JSON.stringify({ event: 'started', id, prefix, shadow, junctions: junctions.length, threads, broker: new URL(url).host })}\n`,
    );
    const timer =
      options.statusSeconds === undefined
        ? null
        : setInterval(() => {
            const { rss } = process.memoryUsage();
            const cpu = process.cpuUsage();
            const { connected, received, published } = link.status();
            const line = { event: 'status', ...live.status(), rejected, connected, received, published };
            process.stdout.write(
              `${JSON.stringify({ ...line, rssMebibytes: Math.round(rss / 1_048_576), cpuSeconds: (cpu.user + cpu.system) / 1e6 })}\n`,
            );
          }, options.statusSeconds * 1000);
    if (!interrupt.signal.aborted) await new Promise((resolve) => interrupt.signal.addEventListener('abort', resolve));
    if (timer !== null) clearInterval(timer);
  } finally {
    for (const part of opened.reverse()) await Promise.resolve(part.close()).catch(() => {});
    interrupt.release();
  }
}

/** Frames that come within so long are decided on together, ms: of what a decision may take, a tenth. */
const GATHER_MS = 5;

/** Before the first junction is taken up, at most so long, ms. */
const REHEARSAL_MS = 3000;

/** Why a junction's device refused, where that is not what it said last time too; else null. */
export function refusalsOnce(): (record: Pick<DecisionRecord, 'junctionId' | 'acknowledged'>) => string | null {
  const last = new Map<string, string>();
  return ({ junctionId, acknowledged }) => {
    const reason = acknowledged?.result === 'refused' ? acknowledged.reason : '';
    const kind = reason.replace(/\d+/g, '');
    const isNew = kind !== (last.get(junctionId) ?? '');
    last.set(junctionId, kind);
    return isNew && reason !== '' ? reason : null;
  };
}

/** Nobody drives lamps by accident. */
function requireConsent(prefix: string, shadow: boolean, consent: boolean): void {
  if (isSimulationPrefix(prefix)) return;
  if (prefix !== LIVE_PREFIX) {
    throw new Refusal(
      `--prefix ${prefix}: topics begin with ${LIVE_PREFIX} on a street, or with flextraff-sim/RUN/VARIANT in a simulation.`,
    );
  }
  if (shadow || consent) return;
  throw new Refusal(
    `Topics below ${LIVE_PREFIX}/ drive real lamps. Give --shadow to decide and record without publishing anything, ` +
      '--live (or `live: true` in the file of --config) if this controller shall drive them, ' +
      'or --prefix flextraff-sim/RUN/VARIANT for simulated devices. This is no substitute for a certified conflict monitor.',
  );
}

async function openLink(url: string, prefix: string, shadow: boolean, id: string): Promise<MqttLink> {
  const { openMqttLink } = await import('../feeds/mqtt-link.ts');
  const simulation = isSimulationPrefix(prefix);
  const since = new Date().toISOString();
  const address = { prefix, kind: 'status', deviceId: id } as const;
  const link = await openMqttLink({
    url,
    simulation,
    unconfirmed: ['detections', 'lamps'],
    ...(shadow ? {} : { will: { address, message: { status: 'offline', since } } }),
  });
  if (!shadow) await link.publish(address, { status: 'online', since });
  return link;
}

async function fromScenario(
  scenario: string,
  chosen: ReturnType<typeof parseStrategy> | null,
): Promise<ControllerSetUp> {
  const { openSource } = await import('../runs/source.ts');
  const source = await openSource(scenario);
  const last = source.variants.at(-1)!;
  const { strategy, parameters } = chosen ?? last;
  const street = source.open({
    seed: 0,
    variant: { ...last, parameters },
    prefix: 'flextraff-sim/configuration/reading',
  });
  const junctions = street.configurations.map((configuration) => ({ configuration, strategy, parameters }));
  if (junctions.length === 0) throw new Refusal(`${scenario} has no junction that can be controlled.`);
  return { live: false, prefix: null, junctions, dialects: [] };
}

async function fromBroker(
  link: MqttLink,
  prefix: string,
  chosen: ReturnType<typeof parseStrategy>,
): Promise<readonly ControlledJunction[]> {
  const configurations = await retainedConfigurations(link, prefix);
  if (configurations.length === 0) {
    throw new Refusal(
      `The broker retains no junction's configuration below ${prefix}/. Give --config or --scenario, or start the devices first.`,
    );
  }
  return configurations.map((configuration) => ({ configuration, ...chosen }));
}

async function openOwnership(
  options: ControllerCommandOptions,
  configured: string | undefined,
  shadow: boolean,
  owner: string,
  junctions: readonly ControlledJunction[],
  opened: Opened[],
  say: (text: string) => void,
): Promise<Ownership> {
  const junctionIds = junctions.map(({ configuration }) => configuration.junctionId);
  const databaseUrl = options.databaseUrl ?? configured;
  if (shadow) return soleOwnership(junctionIds);
  if (databaseUrl === undefined) {
    say(
      'No DATABASE_URL: this has to be the only controller of its junctions. Leases, by which several share them and one takes over from another, need a PostgreSQL server.',
    );
    return soleOwnership(junctionIds);
  }
  const [{ openDatabase }, { leaseStore }] = await Promise.all([
    import('../api/database/connect.ts'),
    import('../api/database/repositories/leases.ts'),
  ]);
  const database = await openDatabase({ databaseUrl, dataDirectory: '' });
  opened.push(database);
  return leasedOwnership({ store: leaseStore(database.knex), owner, junctionIds });
}

function speak(
  link: MqttLink,
  prefix: string,
  dialects: readonly DialectJunction[],
  plan: Parameters<typeof planToDialect>[1],
  onProblem: (message: string) => void,
): void {
  for (const junction of dialects) {
    if (!junction.speak || junction.configuration.junctionId !== plan.junction_id) continue;
    for (const [topic, payload] of planToDialect(prefix, plan, junction))
      link.send(prefix, topic, payload).catch((error: Error) => onProblem(error.message));
  }
}
