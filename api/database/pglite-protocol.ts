/**
 * A repair of what PGlite 0.5.8 says over the wire. After an error in the extended protocol a server is silent until
 * Sync and then says ReadyForQuery, once; PGlite says it at once *and* at Sync. `pg` takes the second for the end of its
 * next query, and from then on answers and questions do not belong together.
 */

type Send = (data: Uint8Array) => void;

/** Parse, Bind, Describe, Execute, Close, Flush: the messages that ReadyForQuery never answers. */
const EXTENDED = new Set([...'PBDECH'].map((letter) => letter.charCodeAt(0)));
const READY_FOR_QUERY_BYTES = 6;

/** Whether ReadyForQuery has no place in the answer to this message from the client. */
export function isExtendedMessage(message: Uint8Array): boolean {
  return message[0] !== undefined && EXTENDED.has(message[0]);
}

/**
 * Passes on what comes, less a ReadyForQuery at the very end; `end` has to be called after the last part. No other
 * message ends in its six bytes: rows are followed by CommandComplete, descriptions end in 0 or 1, errors in 0.
 */
export function withoutReadyForQuery(send: Send): { send: Send; end: () => void } {
  let held: Uint8Array = new Uint8Array(0);
  return {
    send(data) {
      const all = Buffer.concat([held, data]);
      const passed = Math.max(0, all.length - READY_FOR_QUERY_BYTES);
      if (passed > 0) send(all.subarray(0, passed));
      held = all.subarray(passed);
    },
    end() {
      if (held.length > 0 && !isReadyForQuery(held)) send(held);
    },
  };
}

function isReadyForQuery(bytes: Uint8Array): boolean {
  return (
    bytes.length === READY_FOR_QUERY_BYTES &&
    bytes[0] === 0x5a &&
    bytes[1] === 0 &&
    bytes[2] === 0 &&
    bytes[3] === 0 &&
    bytes[4] === 5 &&
    'ITE'.includes(String.fromCharCode(bytes[5] as number))
  );
}
