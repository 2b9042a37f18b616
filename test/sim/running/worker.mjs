// Runs the seeds it is sent, one after the other: a child process of run-seeds.ts, with the
// bundles of both kinds as its arguments.
const [shortcuts, real] = await Promise.all(process.argv.slice(2, 4).map((file) => import(file)));

process.on("message", async ({ seed, isReal }) => {
  process.send(await (isReal ? real : shortcuts).runSeed(seed));
});
