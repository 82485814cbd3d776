import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sumoDemand } from '../network/sumo/demand.ts';
import { readSumoNet } from '../network/sumo/net.ts';
import { sumoNetwork } from '../network/sumo/network.ts';
import { readSumoRoutes } from '../network/sumo/routes.ts';
import { createSumoEngine } from './engine.ts';

const NET = join(process.env.FLEXTRAFF_SHARED ?? '../shared', 'data/micro/x.net.xml');

/** Straight through from all sides, without chance, so that vehicles drive as in SUMO to the centimetre. */
function demand(): string {
  const ways = ['ni so', 'ei wo', 'si no', 'wi eo'];
  let draw = 1;
  let depart = 0;
  const vehicles = Array.from({ length: 100 }, (_, i) => {
    draw = (draw * 137 + 29) % 1009;
    depart += draw % 7;
    const way = ways[Math.floor(draw / 7) % 4]!;
    return `<vehicle id="v${i}" depart="${depart}" type="t"><route edges="${way}"/></vehicle>`;
  });
  return `<routes><vType id="t" sigma="0" speedFactor="1" speedDev="0"/>${vehicles.join('')}</routes>`;
}

/** Phases shown, `second:phase` at each change until second 400. */
function shown(program: string, stepSeconds = 1, seconds = 400): string {
  const text = readFileSync(NET, 'utf8').replace(/<tlLogic[\s\S]*<\/tlLogic>/, program);
  const net = readSumoNet(text, 'x.net.xml');
  const timing = { beginSeconds: 0, stepSeconds, seed: 1 };
  const drawn = sumoDemand(net, [readSumoRoutes(demand(), 'routes', net)], { ...timing, endSeconds: seconds });
  const engine = createSumoEngine(net, sumoNetwork(net, drawn), drawn, timing);
  const changes: string[] = [];
  let last = -1;
  for (;;) {
    const phase = engine.programs.phase[0]!;
    if (phase !== last) changes.push(`${engine.tick * stepSeconds}:${phase}`);
    last = phase;
    if ((engine.tick + 1) * stepSeconds >= seconds) return changes.join(' ');
    engine.step();
  }
}

const logic = (inside: string, offset = 0, type = 'actuated') =>
  `<tlLogic id="c" type="${type}" programID="0" offset="${offset}">${inside}</tlLogic>`;
const param = (key: string, value: number | string) => `<param key="${key}" value="${value}"/>`;
const two = (most: number) =>
  `<phase duration="42" state="GGGrrrGGGrrr" minDur="5" maxDur="${most}"/><phase duration="3" state="yyyrrryyyrrr"/>` +
  `<phase duration="42" state="rrrGGGrrrGGG" minDur="5" maxDur="${most}"/><phase duration="3" state="rrryyyrrryyy"/>`;
const gaps = param('max-gap', 2) + param('detector-gap', 3) + param('max-gap:ni_0', 4.5) + param('passing-time', 1.5);
const links = param('linkMaxDur:1', 11) + param('linkMinDur:4', 14);
const alone = (arm: number, letters: string) => ['rrr', 'rrr', 'rrr', 'rrr'].with(arm, letters).join('');

/** A green for each arm, after which any other may come, over a yellow of its own. */
function branches(): string {
  const pairs = [0, 1, 2, 3].flatMap((from) =>
    [0, 1, 2, 3].filter((to) => to !== from).map((to) => [from, to] as const),
  );
  const yellow = (from: number, to: number) => 4 + pairs.findIndex(([a, b]) => a === from && b === to);
  const greens = [0, 1, 2, 3].map((arm) => {
    const next = [1, 2, 3].map((k) => yellow(arm, (arm + k) % 4)).join(' ');
    return `<phase duration="20" state="${alone(arm, 'GGG')}" minDur="5" maxDur="25" next="${next}"/>`;
  });
  const yellows = pairs.map(([from, to]) => `<phase duration="3" state="${alone(from, 'yyy')}" next="${to}"/>`);
  return [...greens, ...yellows].join('');
}

describe.skipIf(!existsSync(NET))(
  'signals, phase by phase as SUMO 1.15 shows them (skipped where there is no shared data)',
  () => {
    it('prolong a green by gaps', () => {
      expect(shown(logic(two(50)))).toBe(
        '0:0 5:1 8:2 13:3 16:0 21:1 24:2 31:3 34:0 39:1 42:2 47:3 50:0 60:1 63:2 68:3 71:0 76:1 79:2 84:3 87:0 93:1 96:2 101:3 104:0 109:1 112:2 117:3 120:0 125:1 128:2 133:3 136:0 141:1 144:2 149:3 152:0 160:1 163:2 168:3 171:0 176:1 179:2 184:3 187:0 192:1 195:2 201:3 204:0 209:1 212:2 218:3 221:0 228:1 231:2 236:3 239:0 244:1 247:2 256:3 259:0 264:1 267:2 272:3 275:0 280:1 283:2 289:3 292:0 297:1 300:2 308:3 311:0 316:1 319:2 328:3 331:0 339:1 342:2 347:3 350:0 355:1 358:2 363:3 366:0 371:1 374:2 379:3 382:0 387:1 390:2 395:3 398:0',
      );
    });

    it('take gaps, the place of loops and the greatest green from the file', () => {
      expect(shown(logic(gaps + two(12)))).toBe(
        '0:0 5:1 8:2 13:3 16:0 21:1 24:2 31:3 34:0 39:1 42:2 47:3 50:0 61:1 64:2 72:3 75:0 84:1 87:2 94:3 97:0 107:1 110:2 117:3 120:0 125:1 128:2 133:3 136:0 141:1 144:2 149:3 152:0 164:1 167:2 172:3 175:0 180:1 183:2 194:3 197:0 206:1 209:2 217:3 220:0 232:1 235:2 240:3 243:0 248:1 251:2 256:3 259:0 267:1 270:2 275:3 278:0 283:1 286:2 291:3 294:0 306:1 309:2 314:3 317:0 328:1 331:2 336:3 339:0 344:1 347:2 352:3 355:0 360:1 363:2 368:3 371:0 376:1 379:2 384:3 387:0 392:1 395:2',
      );
    });

    it('do so in steps of 0.5 s', () => {
      expect(shown(logic(gaps + two(12)), 0.5)).toBe(
        '0:0 5:1 8:2 13:3 16:0 21:1 24:2 29:3 32:0 37:1 40:2 45:3 48:0 53:1 56:2 64:3 67:0 77:1 80:2 87:3 90:0 95:1 98:2 103:3 106:0 111:1 114:2 121:3 124:0 134:1 137:2 145:3 148:0 160:1 163:2 168:3 171:0 176:1 179:2 184:3 187:0 192:1 195:2 200:3 203:0 208:1 211:2 216:3 219:0 227:1 230:2 235:3 238:0 243:1 246:2 255:3 258:0 263:1 266:2 271:3 274:0 279:1 282:2 289:3 292:0 304:1 307:2 312:3 315:0 320:1 323:2 328:3 331:0 340:1 343:2 348:3 351:0 356:1 359:2 364:3 367:0 372:1 375:2 380:3 383:0 388:1 391:2 396:3 399:0',
      );
    });

    it('begin where the offset says, and have lanes without a loop', () => {
      expect(shown(logic(param('ei_0', 'NO_DETECTOR') + param('wi_0', 'NO_DETECTOR') + two(50), 20))).toBe(
        '0:2 5:3 8:0 13:1 16:2 21:3 24:0 29:1 32:2 37:3 40:0 46:1 49:2 54:3 57:0 62:1 65:2 70:3 73:0 78:1 81:2 86:3 89:0 94:1 97:2 102:3 105:0 110:1 113:2 118:3 121:0 126:1 129:2 134:3 137:0 142:1 145:2 150:3 153:0 160:1 163:2 168:3 171:0 176:1 179:2 184:3 187:0 192:1 195:2 200:3 203:0 208:1 211:2 216:3 219:0 224:1 227:2 232:3 235:0 244:1 247:2 252:3 255:0 260:1 263:2 268:3 271:0 276:1 279:2 284:3 287:0 295:1 298:2 303:3 306:0 311:1 314:2 319:3 322:0 328:1 331:2 336:3 339:0 344:1 347:2 352:3 355:0 360:1 363:2 368:3 371:0 376:1 379:2 384:3 387:0 392:1 395:2',
      );
    });

    it('choose among several phases by who asks', () => {
      expect(shown(logic(branches()))).toBe(
        '0:0 5:4 8:1 13:8 16:2 21:12 24:3 31:13 34:0 39:4 42:1 48:9 51:3 57:13 60:0 68:4 71:1 77:8 80:2 86:12 89:3 95:13 98:0 107:4 110:1 122:8 125:2 134:12 137:3 143:13 146:0 152:4 155:1 161:8 164:2 176:12 179:3 185:13 188:0 194:4 197:1 203:8 206:2 212:12 215:3 225:13 228:0 234:4 237:1 243:8 246:2 254:12 257:3 266:13 269:0 277:4 280:1 292:8 295:2 301:12 304:3 313:13 316:0 328:4 331:1 339:8 342:2 348:12 351:3 357:13 360:0 366:4 369:1 374:8 377:2 382:12 385:3 390:13 393:0 398:4',
      );
    });

    it('let nobody wait beyond the inactive threshold', () => {
      expect(shown(logic(param('inactive-threshold', 30) + branches()))).toBe(
        '0:0 5:4 8:1 13:8 16:2 21:12 24:3 31:13 34:0 39:4 42:1 48:7 51:0 57:5 60:2 66:12 69:3 75:13 78:0 83:4 86:1 92:7 95:0 101:5 104:2 110:12 113:3 122:14 125:1 131:7 134:0 140:5 143:2 152:12 155:3 161:14 164:1 170:7 173:0 179:4 182:1 187:8 190:2 196:12 199:3 205:14 208:1 214:7 217:0 223:5 226:2 235:12 238:3 248:14 251:1 257:7 260:0 266:5 269:2 277:12 280:3 287:14 290:1 296:7 299:0 313:4 316:1 321:9 324:3 329:15 332:2 338:12 341:3 347:14 350:1 356:7 359:0 365:4 368:1 373:8 376:2 381:12 384:3 389:13 392:0 397:4',
      );
    });

    it('bound the green of single links', () => {
      expect(shown(logic(links + two(50)))).toBe(
        '0:0 5:1 8:2 22:3 25:0 30:1 33:2 47:3 50:0 60:1 63:2 77:3 80:0 85:1 88:2 102:3 105:0 110:1 113:2 128:3 131:0 141:1 144:2 158:3 161:0 166:1 169:2 183:3 186:0 191:1 194:2 209:3 212:0 222:1 225:2 239:3 242:0 247:1 250:2 266:3 269:0 276:1 279:2 293:3 296:0 307:1 310:2 328:3 331:0 339:1 342:2 356:3 359:0 364:1 367:2 381:3 384:0 389:1 392:2',
      );
    });

    it('bound it where there is a choice too', () => {
      expect(shown(logic(links + branches()))).toBe(
        '0:0 5:4 8:1 22:8 25:2 30:12 33:3 44:13 47:0 53:4 56:1 73:8 76:2 85:12 88:3 94:13 97:0 108:4 111:1 128:8 131:2 137:12 140:3 146:13 149:0 155:4 158:1 172:8 175:2 189:12 192:3 200:13 203:0 209:4 212:1 226:8 229:2 238:12 241:3 250:13 253:0 263:4 266:1 285:8 288:2 294:12 297:3 307:13 310:0 321:4 324:1 338:8 341:2 347:12 350:3 358:13 361:0 367:4 370:1 384:8 387:2 392:12 395:3',
      );
    });

    it('of a static program whose phases name their successors', () => {
      const phases =
        `<phase duration="10" state="${alone(0, 'GGG')}" next="2"/><phase duration="7" state="${alone(1, 'GGG')}" next="0"/>` +
        `<phase duration="5" state="${alone(2, 'GGG')}" next="1"/>`;
      expect(shown(logic(phases, 3, 'static'), 1, 80)).toBe(
        '0:2 3:1 10:0 20:2 25:1 32:0 42:2 47:1 54:0 64:2 69:1 76:0',
      );
    });
  },
);
