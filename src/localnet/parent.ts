/** A process that a localnet started ends when the localnet does, however that ended. */

/**
 * Calls stop when the process that started this one, with an IPC channel, is gone; at once when it
 * is gone already. A process that was started without a channel is left alone.
 */
export function stopWithParent(stop: () => void): void {
  if (process.send === undefined) return;
  if (process.connected) {
    process.once("disconnect", stop);
    process.channel?.unref();
  } else {
    stop();
  }
}
