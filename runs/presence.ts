/**
 * Last wills of simulated devices. MQTT knows one will a connection, so each device has a connection of its own beside
 * the one that carries the street's messages: when the program ends without a goodbye, the broker says `offline` for
 * every device, as it would for real ones.
 */
import { isoOf } from '../feeds/codec.ts';
import { type MqttLink, openMqttLink } from '../feeds/mqtt-link.ts';

/** Devices with a connection of their own in one variant; those beyond have no last will. */
export const DEVICES_MAX = 64;

export interface Presence {
  close(): Promise<void>;
}

/**
 * Connects each device below `prefix`; resolves when all stand. `sinceMs` is the simulated time, ms since 1970, that
 * their status messages give.
 */
export async function openPresence(
  url: string,
  prefix: string,
  deviceIds: Iterable<string>,
  sinceMs: number,
): Promise<Presence> {
  const ids = [...deviceIds].slice(0, DEVICES_MAX);
  const opened = await Promise.allSettled(ids.map((deviceId) => openDevice(url, prefix, deviceId, isoOf(sinceMs))));
  const links = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const close = async () => {
    await Promise.all(links.map((link) => link.close()));
  };
  const failed = opened.find((result) => result.status === 'rejected');
  if (failed) {
    await close();
    throw failed.reason;
  }
  return { close };
}

async function openDevice(url: string, prefix: string, deviceId: string, since: string): Promise<MqttLink> {
  const address = { prefix, kind: 'status', deviceId } as const;
  const link = await openMqttLink({ url, simulation: true, will: { address, message: { status: 'offline', since } } });
  link.events.onConnection((state) => {
    // the broker may have said `offline` when the connection broke
    if (state === 'connected') link.publish(address, { status: 'online', since }).catch(() => {});
  });
  return link;
}
