/** What every device says of itself: that it is there, and every five seconds that it is well. */
import { isoOf } from '../../feeds/codec.ts';
import type { DeviceStatus, Heartbeat } from '../../feeds/messages.ts';
import type { Outbox } from './outbox.ts';

export const HEARTBEAT_SECONDS = 5;
const FIRMWARE = 'flextraff-sim 1';

export interface DeviceIdentity {
  readonly deviceId: string;
  readonly deviceType: Heartbeat['device_type'];
  readonly junctionId: string;
  readonly laneId: string | null;
  /** How far its clock is ahead, ms; null while it is silent. Absent: never either. */
  readonly clockOffsetMs?: () => number | null;
}

export function sendStatus(
  devices: readonly DeviceIdentity[],
  status: DeviceStatus['status'],
  nowMs: number,
  outbox: Outbox,
): void {
  if (!outbox.wants('status')) return;
  for (const { deviceId } of devices) outbox.send('status', { deviceId }, { status, since: isoOf(nowMs) });
}

/** A simulated device's clock is the simulation's unless it drifts, and nothing waits in it. */
export function sendHeartbeats(
  devices: readonly DeviceIdentity[],
  uptimeSeconds: number,
  nowMs: number,
  outbox: Outbox,
): void {
  if (!outbox.wants('heartbeat')) return;
  for (const { deviceId, deviceType, junctionId, laneId, clockOffsetMs } of devices) {
    const offset = clockOffsetMs === undefined ? 0 : clockOffsetMs();
    if (offset === null) continue;
    outbox.send(
      'heartbeat',
      { deviceId },
      {
        device_id: deviceId,
        device_type: deviceType,
        junction_id: junctionId,
        lane_id: laneId,
        timestamp: isoOf(nowMs + offset),
        firmware: FIRMWARE,
        uptime_seconds: uptimeSeconds,
        clock_offset_ms: offset,
        queue_depth: 0,
      },
    );
  }
}
