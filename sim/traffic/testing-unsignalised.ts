/** Plays a random scenario whose junctions have no signals, or some of them, and says what went wrong in it. */
import { demandFromScenario } from '../demand/demand.ts';
import { networkFromScenario } from '../network/scenario.ts';
import { unsignalisedScenario } from '../testing/unsignalised.ts';
import { createEngine } from './engine.ts';
import { BodyChecker, playLocalPlans } from './testing.ts';
import { imbalance, type Played } from './testing-anything.ts';

/** Wrong are bodies in one place, books that do not balance, and any gridlock. */
export function playUnsignalised(number: number): Played {
  const scenario = unsignalisedScenario(number);
  const { stepSeconds, durationSeconds } = scenario;
  const network = networkFromScenario(scenario);
  const engine = createEngine(network, demandFromScenario(scenario, network, number), { stepSeconds, seed: number });
  const bodies = new BodyChecker(engine);
  while (engine.tick * stepSeconds < durationSeconds) {
    playLocalPlans(engine, engine.tick * stepSeconds);
    engine.step();
    const wrong = bodies.check() ?? imbalance(engine);
    if (wrong !== null)
      return { engine, isConflicting: false, wrong: `scenario ${number} at ${engine.tick * stepSeconds} s: ${wrong}` };
  }
  const found = engine.gridlock?.episodes ?? 0;
  return { engine, isConflicting: false, wrong: found > 0 ? `scenario ${number}: gridlock without signals` : null };
}
