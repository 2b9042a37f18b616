import { setTimeout as sleep } from "node:timers/promises";

/** Waits until something that happens in the background has happened. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(5);
}
