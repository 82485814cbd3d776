/** RFID readers as devices: one a station. At the end of each window it says how many tags came by, and which. */
import { isoOf } from '../../feeds/codec.ts';
import type { CarCounts } from '../../feeds/messages.ts';
import type { Network } from '../core.ts';
import type { Outbox } from '../signals/outbox.ts';
import type { RfidReaders } from './rfid.ts';
import type { Station } from './stations.ts';

export interface RfidDevice {
  readonly deviceId: string;
  readonly station: number;
  readonly kind: Station['kind'];
  readonly junctionId: string;
  readonly laneId: string;
  seq: number;
}

export function rfidDevices(
  network: Network,
  stations: readonly Station[],
  idOf: (station: Station) => string,
): RfidDevice[] {
  return stations.map((station, s) => ({
    deviceId: idOf(station),
    station: s,
    kind: station.kind,
    junctionId: network.junctions[station.junction]!.id,
    laneId: network.approaches[station.approach]!.id,
    seq: 0,
  }));
}

/** Sends every reader's `car-counts` of the window that ends now. */
export function sendCarCounts(
  devices: readonly RfidDevice[],
  readers: RfidReaders,
  epcs: readonly string[],
  windowSeconds: number,
  nowMs: number,
  outbox: Outbox,
): void {
  const wanted = outbox.wants('car-counts');
  for (const device of devices) {
    const vehicles = readers.takeWindow(device.station);
    const { silent, doubled, clockOffsetMs } = readers.faults[device.station]!;
    if (silent) continue;
    device.seq++;
    if (!wanted) continue;
    const message: CarCounts = {
      junction_id: device.junctionId,
      lane_id: device.laneId,
      vehicle_count: vehicles.length,
      epc_ids: vehicles.map((vehicle) => epcs[vehicle]!),
      timestamp: isoOf(nowMs + clockOffsetMs),
      device_id: device.deviceId,
      seq: device.seq,
      window_seconds: windowSeconds,
      position: device.kind,
    };
    for (let copy = 0; copy < (doubled ? 2 : 1); copy++)
      outbox.send('car-counts', { junctionId: device.junctionId, laneId: device.laneId }, message);
  }
}
