/** Every device says so often that it is well, seconds. */
export const HEARTBEAT_SECONDS = 5;
export const DEVICE_FIRMWARE = 'flextraff 1';
