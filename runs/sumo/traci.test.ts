import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { TraciClient } from './traci.ts';
import { MessageReader, MessageWriter } from './traci-bytes.ts';

let server: Server | null = null;
afterEach(() => {
  server?.close();
  server = null;
});

/** A client whose partner does as `answer` says. */
async function connected(answer: (message: Buffer, socket: Socket) => void): Promise<TraciClient> {
  const port = await new Promise<number>((resolve) => {
    server = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', (message) => answer(message, socket));
    }).listen(0, '127.0.0.1', () => resolve((server!.address() as { port: number }).port));
  });
  return TraciClient.open(port);
}

/** What SUMO answers to a command: its id, a result, a text. */
function status(command: number, result: number, text: string): Buffer {
  const writer = new MessageWriter();
  writer.command(command, () => {
    writer.byte(result);
    writer.string(text);
  });
  return writer.finish();
}

describe('bytes of TraCI', () => {
  it('come back as they were written, short and long, ASCII or not', () => {
    for (const text of ['', 'e_in_0', 'Zürich–Süd', 'x'.repeat(300)]) {
      const writer = new MessageWriter();
      writer.command(0xc2, () => {
        writer.byte(0x20);
        writer.string(text);
        writer.double(-1.5);
        writer.integer(-7);
      });
      const message = writer.finish();
      expect(message.readInt32BE(0)).toBe(message.length);
      const reader = new MessageReader(message.subarray(4));
      expect(reader.commandLength()).toBe(message.length - 4);
      expect([reader.byte(), reader.byte(), reader.string(), reader.double(), reader.integer()]).toEqual([
        0xc2,
        0x20,
        text,
        -1.5,
        -7,
      ]);
      expect(reader.isAtEnd).toBe(true);
    }
  });

  it('that end too soon are an error, not a guess', () => {
    const writer = new MessageWriter();
    writer.string('a long name');
    expect(() => new MessageReader(writer.finish().subarray(4, 10)).string()).toThrow(RangeError);
  });
});

describe('a TraCI client', () => {
  it('says what SUMO refused, and why', async () => {
    const client = await connected((_, socket) => socket.write(status(0x02, 0xff, 'no such signal')));
    await expect(client.step()).rejects.toThrow('SUMO refused command 0x2: no such signal');
    client.destroy();
  });

  it('says when SUMO hangs up, in the middle of an answer too', async () => {
    const client = await connected((_, socket) => {
      socket.write(Buffer.from([0, 0, 1, 0, 7]));
      socket.end();
    });
    await expect(client.step()).rejects.toThrow('SUMO closed the connection');
    await expect(client.step()).rejects.toThrow('SUMO closed the connection');
  });

  it('refuses a length that cannot be', async () => {
    const client = await connected((_, socket) => socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff])));
    await expect(client.step()).rejects.toThrow('announced a message of -1 bytes');
    client.destroy();
  });

  it('takes answers in whatever pieces they come', async () => {
    const client = await connected((_, socket) => {
      const writer = new MessageWriter();
      writer.command(0x00, () => {
        writer.byte(0);
        writer.string('');
      });
      writer.command(0x00, () => {
        writer.integer(20);
        writer.string('SUMO 1.15.0');
      });
      for (const byte of writer.finish()) socket.write(Buffer.from([byte]));
    });
    expect(await client.version()).toEqual({ api: 20, name: 'SUMO 1.15.0' });
    client.destroy();
  });
});
