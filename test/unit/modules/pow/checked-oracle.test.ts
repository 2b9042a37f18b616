/**
 * The judge of disputes: the same answer whoever computes, two computations for every answer, the
 * twin where they differ, and nothing that a faulty backend says alone.
 */
import t from "tap";
import { toHex } from "../../../../src/encoding/bytes.ts";
import { CheckedOracle } from "../../../../src/modules/pow/sprint/checked-oracle.ts";
import { type NonceComputer, nonceComputers } from "../../../../src/native/compute-now.ts";
import { EngineError } from "../../../../src/native/engine.ts";
import { attestationTag } from "../../../../src/sprint/digest.ts";
import { computeNonce, prepareSprint } from "../../../../src/sprint/nonce.ts";
import { sprintOf, sprintVectors } from "../../../support/sprint-vectors.ts";

const compiled = nonceComputers();
const withAddon = "missing" in compiled ? { skip: compiled.missing } : {};
const all = "missing" in compiled ? [] : compiled;

const vectorsOf = (profile: "T" | "C") =>
  sprintVectors.nonces.filter((vector) => vector.profile === profile);
const questionOf = ({ profile, nonce, c, set }: (typeof sprintVectors.nonces)[number]) => ({
  ...sprintOf(sprintVectors, set, profile),
  profile,
  nonce: BigInt(nonce),
  c,
});

/** An oracle over these, and what it logs. */
function judge(computers: readonly NonceComputer[]) {
  const lines: Record<string, unknown>[] = [];
  const error = (message: string, fields = {}) => void lines.push({ message, ...fields });
  return { oracle: new CheckedOracle(computers, { error }), lines };
}

/** Computes by the twin; counts; may be told to err. */
class Stub implements NonceComputer {
  readonly backend: string;
  readonly #fault: "none" | "digest" | "output" | "throws";
  asked = 0;
  constructor(backend: string, fault: "none" | "digest" | "output" | "throws" = "none") {
    this.backend = backend;
    this.#fault = fault;
  }
  compute(task: Parameters<NonceComputer["compute"]>[0]) {
    this.asked++;
    if (this.#fault === "throws") throw new EngineError("OUT_OF_MEMORY", "not enough memory");
    const sprint = prepareSprint({ ...task, profile: sprintOf(sprintVectors, "P", "T").profile });
    const { digest, output } = computeNonce(sprint, task.nonce);
    if (this.#fault === "digest") digest[31]! ^= 1;
    if (this.#fault === "output") output[100]! ^= 1;
    return { digest, output };
  }
}

t.test("every profile's golden nonces, with tags, by compiled code", withAddon, async (t) => {
  const { oracle, lines } = judge(all);
  for (const vector of [...vectorsOf("T"), ...vectorsOf("C")]) {
    const question = questionOf(vector);
    const answer = oracle.recompute(question);
    t.equal(toHex(answer.digest), vector.digest, `${vector.profile} ${vector.nonce}`);
    t.equal(answer.isHit, vector.hit);
    if (vector.profile === "C") continue; // The twin takes seconds for it.
    const { output, digest } = computeNonce(
      prepareSprint(sprintOf(sprintVectors, vector.set, "T")),
      question.nonce,
    );
    const verifierKey = new Uint8Array(33).fill(3);
    const tag = attestationTag({ verifierKey, digest, output });
    t.equal(toHex(answer.tagOf(verifierKey)), toHex(tag), "tag");
  }
  t.same(lines, []);
});

t.test("each compiled backend alone gives the golden digest", withAddon, async (t) => {
  const vector = vectorsOf("T")[0]!;
  for (const computer of all) {
    const { digest } = computer.compute(questionOf(vector));
    t.equal(toHex(digest), vector.digest, computer.backend);
  }
});

t.test("a task that no chain could have given is refused by code", withAddon, async (t) => {
  const good = questionOf(vectorsOf("T")[0]!);
  const bad: [change: object, what: string][] = [
    [{ beacon1: new Uint8Array(31) }, "a short beacon 1"],
    [{ beacon2: new Uint8Array(33) }, "a long beacon 2"],
    [{ hostKey: new Uint8Array(32) }, "a short host key"],
    [{ nonce: -1n }, "a negative nonce"],
    [{ nonce: 2n ** 64n }, "a nonce beyond u64"],
    [{ profile: "X" }, "a profile that is none"],
  ];
  for (const [change, what] of bad) {
    for (const computer of all) {
      const run = () => computer.compute({ ...good, ...change });
      t.throws(run, { code: "BAD_ARGUMENT" }, `${computer.backend}: ${what}`);
    }
  }
});

t.test("without compiled code the twin answers, and the same", async (t) => {
  for (const vector of vectorsOf("T")) {
    const answer = CheckedOracle.twinAlone().recompute(questionOf(vector));
    t.equal(toHex(answer.digest), vector.digest);
    t.equal(answer.isHit, vector.hit);
  }
  t.throws(() =>
    CheckedOracle.twinAlone().recompute({ ...questionOf(vectorsOf("T")[0]!), profile: "X" }),
  );
});

t.test("two computations for every answer", async (t) => {
  const vector = vectorsOf("T")[0]!;
  const [fast, middle, reference] = [new Stub("fast"), new Stub("middle"), new Stub("reference")];
  const { oracle, lines } = judge([fast, middle, reference]);
  t.equal(toHex(oracle.recompute(questionOf(vector)).digest), vector.digest);
  t.same([fast.asked, middle.asked, reference.asked], [1, 0, 1]);
  const alone = new Stub("reference");
  t.equal(toHex(judge([alone]).oracle.recompute(questionOf(vector)).digest), vector.digest);
  t.equal(alone.asked, 2, "the only one is asked twice");
  t.same(lines, []);
});

for (const fault of ["digest", "output"] as const) {
  t.test(
    `a wrong ${fault} accuses nobody, is logged, and its backend not asked again`,
    async (t) => {
      const vector = vectorsOf("T")[0]!;
      for (const place of [0, 1]) {
        const computers = [new Stub("fast"), new Stub("reference")];
        computers[place] = new Stub(place === 0 ? "fast" : "reference", fault);
        const { oracle, lines } = judge(computers);
        for (let again = 0; again < 2; again++) {
          t.equal(toHex(oracle.recompute(questionOf(vector)).digest), vector.digest);
        }
        t.match(lines, [{ message: /disagree/, wrong: computers[place]!.backend, nonce: "0" }]);
        t.equal(computers[place]!.asked, 1, "once");
      }
    },
  );
}

t.test("a backend that fails is passed over; when all fail the twin answers", async (t) => {
  const vector = vectorsOf("T")[1]!;
  const failing = new Stub("fast", "throws");
  const { oracle, lines } = judge([failing, new Stub("middle"), new Stub("reference")]);
  t.equal(toHex(oracle.recompute(questionOf(vector)).digest), vector.digest);
  t.match(lines, [{ backend: "fast", error: /not enough memory/ }]);
  t.equal(lines.length, 1);
  const nobody = judge([new Stub("fast"), new Stub("reference", "throws")]);
  t.equal(toHex(nobody.oracle.recompute(questionOf(vector)).digest), vector.digest, "the twin");
  oracle.recompute(questionOf(vector));
  t.equal(failing.asked, 2, "memory may be there again");
});
