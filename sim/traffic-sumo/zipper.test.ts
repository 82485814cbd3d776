import { describe, expect, it } from 'vitest';
import { sumoDemand } from '../network/sumo/demand.ts';
import { readSumoNet } from '../network/sumo/net.ts';
import { sumoNetwork } from '../network/sumo/network.ts';
import { readSumoRoutes } from '../network/sumo/routes.ts';
import { createSumoEngine } from './engine.ts';

/** Two lanes of 596 m that become one by turns. */
const NET = `<net version="1.9">
<location netOffset="0,0" convBoundary="0,0,1200,0" origBoundary="0,0,1200,0" projParameter="!"/>
<edge id=":b_0" function="internal">
<lane id=":b_0_0" index="0" speed="13.89" length="8.40" shape="596,-4.8 598.46,-4.3 600,-3.2 601.54,-2.1 604,-1.6"/>
<lane id=":b_0_1" index="1" speed="13.89" length="8.40" shape="596,-1.6 604,-1.6"/>
</edge>
<edge id="ab" from="a" to="b" priority="-1">
<lane id="ab_0" index="0" speed="13.89" length="596" shape="0,-4.8 596,-4.8"/>
<lane id="ab_1" index="1" speed="13.89" length="596" shape="0,-1.6 596,-1.6"/>
</edge>
<edge id="bc" from="b" to="c" priority="-1">
<lane id="bc_0" index="0" speed="13.89" length="596" shape="604,-1.6 1200,-1.6"/>
</edge>
<junction id="a" type="dead_end" x="0" y="0" incLanes="" intLanes="" shape="0,0 0,-6.4"/>
<junction id="b" type="zipper" x="600" y="0" incLanes="ab_0 ab_1" intLanes=":b_0_0 :b_0_1" shape="604,0 604,-3.2 596,-6.4 596,0">
<request index="0" response="10" foes="10" cont="0"/>
<request index="1" response="01" foes="01" cont="0"/>
</junction>
<junction id="c" type="dead_end" x="1200" y="0" incLanes="bc_0" intLanes="" shape="1200,-3.2 1200,0"/>
<connection from="ab" to="bc" fromLane="0" toLane="0" via=":b_0_0" dir="s" state="Z"/>
<connection from="ab" to="bc" fromLane="1" toLane="0" via=":b_0_1" dir="s" state="Z"/>
<connection from=":b_0" to="bc" fromLane="0" toLane="0" dir="s" state="M"/>
<connection from=":b_0" to="bc" fromLane="1" toLane="0" dir="s" state="M"/>
</net>`;

/** Sixty vehicles without chance, 1 to 3 s apart, on one lane or the other. */
function demand(): string {
  let draw = 1;
  let depart = 0;
  const vehicles = Array.from({ length: 60 }, (_, i) => {
    draw = (draw * 137 + 29) % 1009;
    depart += 1 + (draw % 3);
    const lane = Math.floor(draw / 7) % 2;
    return `<vehicle id="v${i}" depart="${depart}" type="t" departLane="${lane}" departSpeed="max"><route edges="ab bc"/></vehicle>`;
  });
  return `<routes><vType id="t" sigma="0" speedFactor="1" speedDev="0"/>${vehicles.join('')}</routes>`;
}

/** As SUMO 1.15 has them. */
const ARRIVALS = [
  89, 90, 92, 93, 95, 98, 96, 99, 101, 103, 104, 106, 107, 109, 110, 112, 113, 115, 116, 119, 120, 122, 123, 125, 126,
  128, 131, 132, 134, 135, 137, 138, 141, 144, 147, 149, 150, 152, 154, 155, 158, 159, 161, 162, 164, 166, 169, 171,
  173, 176, 177, 179, 181, 183, 186, 189, 190, 193, 196, 199,
];

describe('two lanes that become one by turns', () => {
  it('let vehicles through when SUMO does', () => {
    const net = readSumoNet(NET, 'zipper.net.xml');
    const timing = { beginSeconds: 0, stepSeconds: 1, seed: 1 };
    const drawn = sumoDemand(net, [readSumoRoutes(demand(), 'routes', net)], { ...timing, endSeconds: 300 });
    const engine = createSumoEngine(net, sumoNetwork(net, drawn), drawn, timing);
    while (engine.tick < 250) engine.step();
    expect([...engine.state.arrivedAt]).toEqual(ARRIVALS);
  });
});
