// Runs src/host/engine/sprint-thread.ts in a worker thread: --import tsx does not reach into threads.
import { register } from "tsx/esm/api";

register();
await import("../../src/host/engine/sprint-thread.ts");
