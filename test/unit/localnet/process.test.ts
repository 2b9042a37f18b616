/** Processes of a localnet: they end when asked, when they must, and when their parent is gone. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import t from "tap";
import { LocalnetProcess } from "../../../src/localnet/process.ts";

const support = (name: string): string =>
  fileURLToPath(new URL(`../../support/${name}`, import.meta.url));
const freshLog = (): string => path.join(mkdtempSync(path.join(tmpdir(), "gonka-process-")), "log");

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(20); // tap ends a test that waits for ever.
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const isUp = (log: string): boolean =>
  existsSync(log) && readFileSync(log, "utf8").includes("up\n");

t.test("kill -9 of the parent ends the child", async (t) => {
  const log = freshLog();
  const parent = spawn(process.execPath, ["--import", "tsx", support("parent.ts"), log], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [chunk] = await once(parent.stdout, "data");
  const pid = Number(String(chunk));
  t.ok(isAlive(pid));
  await until(() => isUp(log));
  parent.kill("SIGKILL");
  await until(() => !isAlive(pid));
  t.pass("gone");
});

t.test("kill -9 of the parent before the child is up ends it too", async (t) => {
  const log = freshLog();
  const parent = spawn(process.execPath, ["--import", "tsx", support("parent.ts"), log], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [chunk] = await once(parent.stdout, "data");
  parent.kill("SIGKILL");
  await until(() => !isAlive(Number(String(chunk))));
  t.pass("gone");
});

t.test("a process stops when asked, and is killed when it does not listen", async (t) => {
  const crashes: string[] = [];
  const run = (script: string) =>
    new LocalnetProcess({
      name: "p",
      logFile: freshLog(),
      args: ["-e", script],
      onCrash: (name, how) => crashes.push(`${name}: ${how}`),
    });
  const deaf = run("process.on('SIGTERM', () => {}); console.log('up'); setInterval(()=>{}, 1e6)");
  deaf.start();
  deaf.start();
  const pid = deaf.pid!;
  await until(() => isUp(deaf.logFile));
  await deaf.stop(100);
  t.equal(isAlive(pid), false);
  t.equal(deaf.isRunning, false);
  t.same(crashes, [], "it was asked to");
  deaf.start();
  t.not(deaf.pid, pid, "it may be started again");
  await deaf.kill("SIGKILL");

  const broken = run("process.exit(7)");
  broken.start();
  await until(() => crashes.length > 0);
  t.same(crashes, ["p: exit code 7"]);
  t.equal(broken.pid, undefined);
  await broken.stop(100);
});
