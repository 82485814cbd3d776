import type { Settings } from '../config.ts';

/** The broker that carries the messages of the runs. */
export interface UsedBroker {
  readonly url: string;
  readonly embedded: boolean;
  status(): { status: 'ok' | 'failed'; detail: string };
  close(): Promise<void>;
}

/**
 * Connects to the broker asked for, else starts the embedded one. Rejects, naming the address, where the one cannot be
 * reached or the other's port is taken.
 */
export async function openBroker(asked: string | undefined, settings: Settings): Promise<UsedBroker> {
  const url = asked ?? settings.brokerUrl;
  if (url === undefined) {
    const { startBroker } = await import('../feeds/broker.ts');
    const broker = await startBroker({ port: settings.mqttPort });
    return {
      url: broker.url,
      embedded: true,
      status() {
        const { clients, published, clientErrors, lastClientError } = broker.status();
        const trouble = clientErrors === 0 ? '' : `; ${clientErrors} client errors, last: ${lastClientError}`;
        return {
          status: 'ok',
          detail: `embedded at ${broker.url}, ${clients} clients, ${published} messages${trouble}`,
        };
      },
      close: () => broker.close(),
    };
  }
  const { brokerName, openMqttLink } = await import('../feeds/mqtt-link.ts');
  // a connection of its own, by which one knows whether the broker is there
  const watch = await openMqttLink({ url, simulation: true });
  return {
    url,
    embedded: false,
    status() {
      const { connected, reconnects } = watch.status();
      return {
        status: connected ? 'ok' : 'failed',
        detail: `${brokerName(url)}: ${connected ? 'connected' : 'away'}, ${reconnects} reconnects`,
      };
    },
    close: () => watch.close(),
  };
}
