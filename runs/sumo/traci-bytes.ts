/** TraCI's byte layout: big-endian numbers, strings with their length before them. */

/** TraCI type codes that are used here. */
export const TYPE = {
  unsignedByte: 0x07,
  byte: 0x08,
  integer: 0x09,
  double: 0x0b,
  string: 0x0c,
  stringList: 0x0e,
  compound: 0x0f,
  doubleList: 0x10,
  position2d: 0x01,
  position3d: 0x03,
  polygon: 0x06,
  color: 0x11,
} as const;

export type TraciValue = number | string | readonly string[] | readonly number[];

/** Collects commands of one message. */
export class MessageWriter {
  private buffer = Buffer.allocUnsafe(4096);
  private at = 4;

  /** Begins anew; what was written is gone. */
  reset(): void {
    this.at = 4;
  }

  get isEmpty(): boolean {
    return this.at === 4;
  }

  private room(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.at + bytes));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }

  byte(value: number): void {
    this.room(1);
    this.at = this.buffer.writeUInt8(value, this.at);
  }

  integer(value: number): void {
    this.room(4);
    this.at = this.buffer.writeInt32BE(value, this.at);
  }

  double(value: number): void {
    this.room(8);
    this.at = this.buffer.writeDoubleBE(value, this.at);
  }

  string(value: string): void {
    const bytes = Buffer.byteLength(value, 'utf8');
    this.integer(bytes);
    this.room(bytes);
    this.at += this.buffer.write(value, this.at, 'utf8');
  }

  /** A command whose content is written by `content`; its length is put before it, in the long form where it needs that. */
  command(id: number, content: () => void): void {
    const start = this.at;
    this.room(2);
    this.at += 2;
    content();
    const length = this.at - start;
    if (length <= 255) {
      this.buffer[start] = length;
      this.buffer[start + 1] = id;
      return;
    }
    this.room(4);
    this.buffer.copyWithin(start + 6, start + 2, this.at);
    this.at += 4;
    this.buffer[start] = 0;
    this.buffer.writeInt32BE(length + 4, start + 1);
    this.buffer[start + 5] = id;
  }

  /** The message, its length first. A copy: the writer may be used again. */
  finish(): Buffer {
    this.buffer.writeInt32BE(this.at, 0);
    return Buffer.from(this.buffer.subarray(0, this.at));
  }
}

/** Reads the content of one message. Throws RangeError where it ends before what it announces. */
export class MessageReader {
  private readonly buffer: Buffer;
  private readonly view: DataView;
  private at = 0;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
    this.view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  }

  get isAtEnd(): boolean {
    return this.at >= this.buffer.length;
  }

  byte(): number {
    return this.view.getUint8(this.at++);
  }

  integer(): number {
    const value = this.view.getInt32(this.at);
    this.at += 4;
    return value;
  }

  double(): number {
    const value = this.view.getFloat64(this.at);
    this.at += 8;
    return value;
  }

  string(): string {
    const length = this.integer();
    const end = this.at + length;
    if (length < 0 || end > this.buffer.length) throw new RangeError(`a string of ${length} bytes does not fit`);
    const value = this.buffer.toString('utf8', this.at, end);
    this.at = end;
    return value;
  }

  stringList(): string[] {
    const count = this.integer();
    const list: string[] = [];
    for (let i = 0; i < count; i++) list.push(this.string());
    return list;
  }

  /** Length of the command that begins here, both forms; afterwards the reader is at its id. */
  commandLength(): number {
    const short = this.byte();
    return short === 0 ? this.integer() : short;
  }

  /** A value with its type before it. */
  value(): TraciValue {
    const type = this.byte();
    switch (type) {
      case TYPE.double:
        return this.double();
      case TYPE.integer:
        return this.integer();
      case TYPE.string:
        return this.string();
      case TYPE.stringList:
        return this.stringList();
      case TYPE.unsignedByte:
        return this.byte();
      case TYPE.byte:
        return this.view.getInt8(this.at++);
      case TYPE.position2d:
        return [this.double(), this.double()];
      case TYPE.position3d:
        return [this.double(), this.double(), this.double()];
      case TYPE.color:
        return [this.byte(), this.byte(), this.byte(), this.byte()];
      case TYPE.doubleList: {
        const count = this.integer();
        const list: number[] = [];
        for (let i = 0; i < count; i++) list.push(this.double());
        return list;
      }
      default:
        throw new RangeError(`a value of type 0x${type.toString(16)} is not known`);
    }
  }
}
