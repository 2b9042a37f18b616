/** A process that a localnet started ends when the localnet does, however that ended. */

/** Calls stop when the process that started this one, with an IPC channel, is gone. */
export function stopWithParent(stop: () => void): void {
  if (process.channel === undefined || process.channel === null) return;
  process.channel.unref();
  process.once("disconnect", stop);
}
