#!/usr/bin/env node
/** The `flextraff` command: puts the parts together, decides nothing. Each command loads what it needs when it runs. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { addOperationCommands } from './cli/operation-commands.ts';
import { addSafetyStoreCommands } from './cli/safety-store-commands.ts';
import { addStoreCommands } from './cli/store-commands.ts';
import { explain } from './cli/failure.ts';

const DEFAULT_SCENARIO = 'hangzhou-kn-hz';

function version(): string {
  const compiled = import.meta.url.endsWith('.js');
  const manifest = new URL(compiled ? '../package.json' : './package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

function wholeNumber(least: number, most: number) {
  return (text: string): number => {
    if (/^\d{1,15}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
    throw new InvalidArgumentError(`A whole number from ${least} to ${most} is expected.`);
  };
}

function positive(text: string): number {
  const value = Number(text);
  if (/^[\d.]+(e[+-]?\d+)?$/i.test(text) && value > 0 && value <= 1e9) return value;
  throw new InvalidArgumentError('A number above 0 is expected.');
}

function notNegative(text: string): number {
  const value = Number(text);
  if (/^[\d.]+(e[+-]?\d+)?$/i.test(text) && value >= 0 && value <= 1e9) return value;
  throw new InvalidArgumentError('A number from 0 is expected.');
}

function paceOf(text: string): 'max' | number {
  if (text === 'max') return 'max';
  const value = Number(text);
  if (/^[\d.]+$/.test(text) && value >= 0.1 && value <= 1000) return value;
  throw new InvalidArgumentError('A number from 0.1 to 1000 is expected (1 is the speed of a street), or max.');
}

function brokerUrl(text: string): string {
  if (/^mqtts?:\/\/[^/]/.test(text) && URL.canParse(text)) return text;
  throw new InvalidArgumentError('An address like mqtt://127.0.0.1:1883 is expected.');
}

const collect = (value: string, before: string[]): string[] => [...before, value];
const seedOption = () =>
  new Option('--seed <number>', "seed of the random streams; by default the scenario's first").argParser(
    wholeNumber(0, 4_294_967_295),
  );

const detectionOption = () =>
  new Option(
    '--detection <what>',
    'what strategies see: loops (the default); full: all vehicles within 200 m tell by radio; v2x=SHARE of them, and loops',
  );

const sumoNet = () => new Option('--net <file>', 'a SUMO network, in place of a scenario');
const sumoRoutes = () => new Option('--routes <files>', 'SUMO route files for --net, separated by commas');
const sumoAdditional = () => new Option('--additional <files>', 'SUMO additional files for --net, separated by commas');
const sumoTime = (which: 'begin' | 'end') =>
  new Option(`--${which} <seconds>`, `${which} of the run on the clock of the SUMO files`).argParser((text) => {
    const value = Number(text);
    if (/^\d+(\.\d+)?$/.test(text) && value <= 1e9) return value;
    throw new InvalidArgumentError('Seconds of 0 or more are expected.');
  });

const v2xOption = () =>
  new Option(
    '--v2x [settings]',
    'vehicles and people broadcast, and safety is judged by it, whatever the file says: a share, or e.g. share=0.4,people=0.2,dropout=0.05,noise=1.5,rotation=300,range=300',
  );

/** Prints to standard error; a line of its own, whatever was there before. */
function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

function program(): Command {
  const flextraff = new Command('flextraff')
    .description(
      "A traffic-signal digital twin: the same vehicles through today's plan and through the adaptive controller.",
    )
    .version(version())
    .showHelpAfterError('(add --help for what is allowed)')
    .exitOverride();

  flextraff
    .command('twin')
    .description('play a scenario twice, baseline against adaptive, on a page in the browser; what `npm start` runs')
    .argument('[scenario]', 'a scenario that ships, or a scenario file', DEFAULT_SCENARIO)
    .addOption(
      new Option('--port <number>', 'port of the page; by default PORT, else 8080; 0 takes any free one').argParser(
        wholeNumber(0, 65_535),
      ),
    )
    .addOption(seedOption())
    .addOption(new Option('--pace <pace>', 'simulated seconds per second, or max').argParser(paceOf))
    .addOption(new Option('--broker <url>', 'MQTT broker in place of the embedded one').argParser(brokerUrl))
    .option('--data <folder>', 'where everything is kept; by default FLEXTRAFF_DATA, else data')
    .addOption(v2xOption())
    .action(async (scenario: string, options) => {
      const { twin } = await import('./cli/twin.ts');
      await twin(scenario, { ...options, version: version() });
    });

  flextraff
    .command('run')
    .description('run a scenario once per variant, as fast as it goes, and print the measures')
    .argument('[scenario]', 'a scenario that ships, a scenario file, a .sumocfg, or a CityFlow folder')
    .addOption(seedOption())
    .option('--seeds <list>', 'run all of these seeds on all cores, e.g. 1..20 or 1,3,7; prints means and intervals')
    .addOption(new Option('--until <seconds>', 'end after so many seconds').argParser(positive))
    .option(
      '--variant <name=strategy[,key=value...]>',
      "replaces the scenario's variants; may be given several times; stageSet=all: horizon and max-pressure choose among all conflict-free stages",
      collect,
      [],
    )
    .addOption(new Option('--link <link>', 'how messages travel').choices(['inprocess', 'mqtt']))
    .addOption(
      new Option('--broker <url>', 'MQTT broker in place of the embedded one; implies --link mqtt').argParser(
        brokerUrl,
      ),
    )
    .addOption(detectionOption())
    .addOption(
      new Option('--threads <number>', 'worker threads that decide; results do not depend on it').argParser(
        wholeNumber(1, 64),
      ),
    )
    .option('--out <folder>', 'write result.json and series.csv there')
    .option('--messages <folder>', 'write what is broadcast there, a log a variant')
    .option(
      '--archive [location]',
      'archive what is broadcast as Parquet, below simulated/ of a folder or s3://bucket/prefix; by default FLEXTRAFF_ARCHIVE',
    )
    .option('--json', 'print exactly one JSON object on standard output')
    .addOption(v2xOption())
    .addOption(sumoNet())
    .addOption(sumoRoutes())
    .addOption(sumoAdditional())
    .addOption(sumoTime('begin'))
    .addOption(sumoTime('end'))
    .action(async (scenario: string | undefined, options) => {
      const { run } = await import('./cli/run.ts');
      await run(scenario, options);
    });

  flextraff
    .command('validate')
    .description('check a scenario file and list every mistake')
    .argument('<scenario>', 'a scenario file, or a scenario that ships')
    .option('--json', 'print exactly one JSON object on standard output')
    .action(async (scenario: string, options) => {
      const { validate } = await import('./cli/scenarios.ts');
      await validate(scenario, options);
    });

  flextraff
    .command('scenarios')
    .description('list the scenarios there are')
    .option('--json', 'print exactly one JSON object on standard output')
    .action(async (options) => {
      const { listScenarios } = await import('./cli/scenarios.ts');
      await listScenarios(options);
    });

  flextraff
    .command('strategies')
    .description('list the strategies: what each needs, and with a name its parameters')
    .argument('[name]', 'one of them')
    .option('--json', 'print exactly one JSON object on standard output')
    .addOption(new Option('--markdown', 'print docs/STRATEGIES.md').conflicts('json'))
    .action(async (name: string | undefined, options) => {
      const { listStrategies } = await import('./cli/strategies.ts');
      listStrategies(name, options);
    });

  flextraff
    .command('compare')
    .description('compare strategies on scenarios, paired by seed: intervals, tests, a table and a report')
    .argument('[scenarios...]', 'scenarios that ship, scenario files, .sumocfg files, or CityFlow folders')
    .addOption(sumoNet())
    .addOption(sumoRoutes())
    .addOption(sumoAdditional())
    .addOption(sumoTime('begin'))
    .addOption(sumoTime('end'))
    .option(
      '--variant <name=strategy[,key=value...]>',
      "replaces the scenarios' variants; give at least two; stageSet=all as in run",
      collect,
      [],
    )
    .option('--against <name>', 'the variant that the others are compared with; by default the first')
    .option('--seeds <list>', 'the same for all scenarios and variants, e.g. 1..30 or 1,3,7', '1..20')
    .addOption(new Option('--until <seconds>', 'end after so many seconds').argParser(positive))
    .addOption(detectionOption())
    .addOption(
      new Option('--threads <number>', 'runs at the same time; by default as many as cores').argParser(
        wholeNumber(1, 64),
      ),
    )
    .addOption(v2xOption())
    .option('--csv <file>', 'write a line per scenario, seed and variant there')
    .option('--html <file>', 'write a report with plots there')
    .option('--json', 'print exactly one JSON object on standard output')
    .action(async (scenarios: string[], options) => {
      const { compare } = await import('./cli/compare.ts');
      await compare(scenarios, options);
    });

  flextraff
    .command('import')
    .description('turn a SUMO case or CityFlow folder into a scenario, and say what was approximated')
    .argument('[file]', 'a .sumocfg or a CityFlow folder')
    .addOption(sumoNet())
    .addOption(sumoRoutes())
    .addOption(sumoAdditional())
    .addOption(sumoTime('begin'))
    .addOption(sumoTime('end'))
    .addOption(new Option('--until <seconds>', 'end after so many seconds').argParser(positive))
    .option('-o, --output <file>', 'the scenario to write, ending in .yaml')
    .option('--force', 'replace the file if it is there')
    .option('--json', 'print exactly one JSON object on standard output')
    .action(async (file: string | undefined, options) => {
      const { importFiles } = await import('./cli/import.ts');
      await importFiles(file, options);
    });

  flextraff
    .command('export')
    .description("write a scenario or CityFlow folder as SUMO's files: network, routes, configuration")
    .argument('<scenario>', 'a scenario that ships, a scenario file, or a CityFlow folder')
    .option('--sumo <folder>', 'where to; made if it is not there')
    .addOption(seedOption())
    .option('--without-people', "leave the people out, whom run and import do not read from SUMO's files")
    .addOption(new Option('--until <seconds>', 'end after so many seconds').argParser(positive))
    .option('--json', 'print exactly one JSON object on standard output')
    .action(async (scenario: string, options) => {
      const { exportFiles } = await import('./cli/export.ts');
      await exportFiles(scenario, options);
    });

  const safety = flextraff
    .command('safety')
    .description('find near misses in recorded movements, and the safety index of each minute')
    .argument('<source>', 'a SUMO FCD file, a .trj of SSAM, a log of V2X messages, or the folder of a recording')
    .option('--types <file>', 'SUMO route file with the vTypes of a FCD file: true lengths, widths and masses')
    .option('--origin <lat,lon>', 'where on Earth the local 0,0 of a FCD or .trj file is, for --geojson')
    .option('--intersection <id>', 'of a log with several: only the SPaT and MAP of this one')
    .option('--penetration <share>', 'share of road users that broadcast, 0 to 1, where a log does not say')
    .option(
      '--constants <file>',
      'relate the index to constants frozen before, or `stored` ones, in place of those of this source',
    )
    .option('--save-constants <file>', 'freeze the constants and baselines of this source there')
    .option(
      '--weather <file>',
      'CSV as `flextraff weather` reads it, or JSON: {rainMillimetres, visibilityMetres, windMetresPerSecond, temperatureCelsius}, or a list with fromSeconds each',
    )
    .option('--csv <file>', 'write the conflicts there')
    .option('--geojson <file>', 'write the conflicts there, as points')
    .option('--parquet <file>', 'write the conflicts there')
    .option('--messages <file>', 'of a recording: write the messages that it becomes there, one a line')
    .option('--json', 'print exactly one JSON object on standard output')
    .action(async (source: string, options) => {
      const { safety: analyse } = await import('./cli/safety.ts');
      await analyse(source, options);
    });

  flextraff
    .command('collect')
    .description('poll a connected-corridor service for what its roadside units heard')
    .requiredOption('--url <url>', 'address of the service')
    .requiredOption('--client-id <id>', 'of this client')
    .requiredOption('--client-secret-file <file>', 'file that holds the secret')
    .addOption(new Option('--every <seconds>', 'between polls; default 60').argParser(positive))
    .option('--twin <url>', 'hand the messages to the twin there, e.g. http://127.0.0.1:8080')
    .option('--log <file>', 'append the messages there, one a line')
    .action(async (options) => {
      const { collect } = await import('./cli/collect.ts');
      await collect(options);
    });

  flextraff
    .command('replay')
    .description("send V2X messages over MQTT again, below a simulation's topics")
    .argument('<log>', 'a log, a folder of logs, or a recording of the FZI test area, as `flextraff safety` reads them')
    .requiredOption('--broker <url>', 'e.g. mqtt://127.0.0.1:1883')
    .option('--junction <uuid>', 'whose messages they are, where the log has no topics')
    .addOption(
      new Option('--speed <factor>', 'times as fast as recorded, or max; default 1').argParser((text) =>
        text === 'max' ? text : positive(text),
      ),
    )
    .option('--run <name>', 'topics begin flextraff-sim/NAME/log; default replay')
    .action(async (log: string, options) => {
      const { replay } = await import('./cli/replay.ts');
      await replay(log, options);
    });

  flextraff
    .command('sumo')
    .description('run SUMO as the street, its signals set by a strategy, and print the measures')
    .argument('[config]', 'a .sumocfg; or give --net and --routes')
    .option('--net <file>', "SUMO's network, in place of a .sumocfg")
    .option('--routes <files>', 'route files, separated by commas')
    .addOption(new Option('--begin <seconds>', "on SUMO's clock; by default the file's, else 0").argParser(notNegative))
    .addOption(
      new Option('--end <seconds>', "on SUMO's clock; by default the file's, else when all have arrived").argParser(
        positive,
      ),
    )
    .addOption(new Option('--until <seconds>', 'end so many seconds after the begin').argParser(positive))
    .option(
      '--strategy <name[,key=value...]>',
      "one of ours, or SUMO's: fixed-time (as shipped, the default), re-timed, sumo-actuated, sumo-delay-based",
    )
    .option(
      '--variant <name=strategy[,key=value...]>',
      'several, each in a SUMO of its own; stageSet=net or all chooses its stages',
      collect,
      [],
    )
    .addOption(new Option('--seed <number>', "SUMO's seed; by default 0").argParser(wholeNumber(0, 2_147_483_647)))
    .option(
      '--detection <what>',
      'what strategies see: full (all vehicles within 200 m), v2x=SHARE of them and loops, or loops',
      'full',
    )
    .option('--net-stages', "only the stages of the net's own programmes; by default all maximal conflict-free ones")
    .option('--out <folder>', "keep SUMO's own tripinfo.xml and tls-states.xml there")
    .option('--why', 'write each decision with its reason and inputs to standard error, a line of JSON each')
    .option('--json', 'print exactly one JSON object on standard output')
    .action(async (config: string | undefined, options) => {
      const { sumo } = await import('./cli/sumo.ts');
      await sumo(config, options);
    });

  const bench = flextraff.command('bench').description('measure what this machine makes of it');
  bench
    .command('speed')
    .description('vehicle updates per CPU second: the first run of a process, and the median of five more')
    .argument('[case]', 'a scenario that ships, a scenario file, a .sumocfg, or a CityFlow folder')
    .addOption(sumoNet())
    .addOption(sumoRoutes())
    .addOption(sumoAdditional())
    .addOption(sumoTime('begin'))
    .addOption(sumoTime('end'))
    .addOption(new Option('--step <seconds>', "simulate in such steps; by default the file's").argParser(positive))
    .option('--json', 'print exactly one JSON object on standard output')
    .action(async (path: string | undefined, options) => {
      const { benchSpeed } = await import('./cli/bench.ts');
      await benchSpeed(path, options);
    });

  flextraff
    .command('controller')
    .description('the controller alone: hears the devices of its junctions at a broker, decides, publishes plans')
    .addOption(new Option('--broker <url>', 'MQTT broker; by default FLEXTRAFF_BROKER').argParser(brokerUrl))
    .option('--shadow', 'decide and record, publish nothing')
    .option('--live', 'drive the lamps of real streets: topics below flextraff/')
    .option('--prefix <prefix>', 'what topics begin with: flextraff, or flextraff-sim/RUN/VARIANT')
    .option('--config <path>', "a file that lists junctions, or a folder of junctions' configurations")
    .option('--scenario <scenario>', 'the junctions of a scenario')
    .option('--junctions <list>', 'only these, by name or id, separated by commas')
    .option('--strategy <name[,key=value...]>', 'for junctions for which the file says none; by default atcs')
    .addOption(new Option('--threads <number>', 'worker threads that decide').argParser(wholeNumber(1, 64)))
    .option('--database-url <url>', 'PostgreSQL with the leases of junctions; by default DATABASE_URL')
    .option('--record <folder>', 'where decisions are recorded; by default decisions in the data folder')
    .option('--id <name>', 'name of this controller, unique among them')
    .addOption(
      new Option('--status-seconds <seconds>', 'print a line of counters so often').argParser(wholeNumber(1, 3600)),
    )
    .action(async (options) => {
      const { controller } = await import('./cli/controller.ts');
      await controller(options);
    });

  flextraff
    .command('devices')
    .description('simulated lamp devices and readers at a broker, to try a controller with')
    .argument('[scenario]', 'whose junctions', DEFAULT_SCENARIO)
    .addOption(new Option('--broker <url>', 'MQTT broker; by default FLEXTRAFF_BROKER').argParser(brokerUrl))
    .option('--prefix <prefix>', 'what topics begin with', 'flextraff-sim/devices/street')
    .addOption(new Option('--count <number>', 'so many junctions').argParser(wholeNumber(1, 10_000)).default(1))
    .addOption(
      new Option('--vehicles <number>', 'vehicles an hour and lane').argParser(wholeNumber(0, 3600)).default(300),
    )
    .addOption(seedOption().default(1))
    .option('--rfid', 'RFID readers that count every ten seconds in place of loops')
    .addOption(
      new Option('--boot <how>', 'as after a power cut, or green at once').choices(['cold', 'warm']).default('cold'),
    )
    .option('--state <folder>', 'where sequence numbers and latched faults are kept over restarts')
    .option('--reset', 'clear latched faults at the start')
    .option('--lamp-log <file>', 'write every change of lamps there')
    .action(async (scenario: string, options) => {
      const { devices } = await import('./cli/devices.ts');
      await devices(scenario, options);
    });

  addStoreCommands(flextraff);
  addSafetyStoreCommands(flextraff, safety);
  addOperationCommands(flextraff);

  return flextraff;
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // the reader has gone away (`flextraff scenarios | head -1`): nobody is left to tell
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await program().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
  } else {
    const { text, exitCode } = explain(error);
    tell(text);
    // what a failed start left behind does not keep the program from ending
    process.exit(exitCode);
  }
}
