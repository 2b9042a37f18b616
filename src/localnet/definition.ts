/**
 * A localnet as data: localnet/default.toml, or a file of its form. Reading is total: a definition,
 * or every problem at once, each with its file, key and fix.
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "smol-toml";
import { parseDuration } from "../node/config.ts";
import { type ConfigKey, configKeys } from "../node/config-schema.ts";

export interface DefinedAccount {
  readonly name: string;
  readonly gnk: bigint;
}

export interface Definition {
  readonly chainId: string;
  /** What the nodes run; only gonka has hosts and accounts of its own. */
  readonly application: Application;
  /** CometBFT version that clients are told; undefined is the usual one. */
  readonly reportedVersion: string | undefined;
  /** genesis/<profile>.json has the parameters. */
  readonly genesisProfile: string;
  readonly mnemonic: string;
  readonly validators: number;
  readonly ports: Ports;
  /** Values of [consensus] in every config.toml, by name. */
  readonly timeouts: Readonly<Record<string, string>>;
  readonly hosts: HostsDefinition;
  readonly accounts: readonly DefinedAccount[];
}

const applications = ["gonka", "kvstore", "simapp"] as const;
export type Application = (typeof applications)[number];

export interface Ports {
  readonly p2p: number;
  readonly rpc: number;
  readonly rest: number;
  readonly grpc: number;
  readonly p2pStep: number;
  readonly rpcStep: number;
  readonly restStep: number;
  readonly grpcStep: number;
  /** How far all of them move when one is taken. */
  readonly shift: number;
}

export interface HostsDefinition {
  /** Nonces in one Sprint. */
  readonly nonces: number;
  /** Exceptions, by the name of the host. */
  readonly noncesOf: ReadonlyMap<string, number>;
  readonly weight: bigint;
  readonly operatorGnk: bigint;
  readonly workerGnk: bigint;
}

/** What is wrong with a definition: one line each, "file: key: problem; fix". */
export class DefinitionError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "DefinitionError";
    this.problems = problems;
  }
}

const shipped = (name: string): string =>
  fileURLToPath(new URL(`../../localnet/${name}.toml`, import.meta.url));

/** The definition that is used when none is named. */
export const defaultDefinitionFile = shipped("default");

/** Definitions that come with the program, by the name of the profile. */
export const profileFiles: ReadonlyMap<string, string> = new Map([
  ["dev4", defaultDefinitionFile],
  ["kvstore", shipped("kvstore")],
  ["simapp", shipped("simapp")],
  ["simapp-slow", shipped("simapp-slow")],
]);

export const maxValidators = 100;
export const maxNonces = 1_000_000;
const maxFileBytes = 256 * 1024;
/** Addresses of operators begin at index 100 of the mnemonic. */
const maxAccounts = 100;
const maxGnk = 100_000_000;
const maxPort = 65_535;

/** What flags put in the place of the file's values. */
export interface Overrides {
  readonly validators?: number | undefined;
  readonly nonces?: number | undefined;
  /** Nonces of single hosts, by name; they go before the file's. */
  readonly noncesOf?: ReadonlyMap<string, number> | undefined;
}

/** Reads and checks a definition; throws DefinitionError. */
export function readDefinition(file: string, overrides: Overrides = {}): Definition {
  const problems: string[] = [];
  const report = (key: string, problem: string): void => {
    problems.push(`${file}: ${key === "" ? "" : `${key}: `}${problem}`);
  };
  const top = new Section(readToml(file), "", report);
  const application = readApplication(top);
  const given: Definition = {
    application,
    reportedVersion: readVersion(top),
    chainId: top.text("chain_id", /^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$/, "such as gonka-localnet-1"),
    genesisProfile: top.text("genesis_profile", /^(localnet|gonka|simapp)$/, "localnet or gonka"),
    mnemonic: top.text("mnemonic", /^[a-z]+( [a-z]+){11,23}$/, "12 to 24 words of BIP-39"),
    validators: top.integer("validators", 1, maxValidators),
    ports: readPorts(top.section("ports")),
    timeouts: readTimeouts(top.section("consensus")),
    hosts: application === "gonka" ? readHosts(top.section("hosts")) : noHosts,
    accounts: readAccounts(top.sections("accounts"), report),
  };
  top.end();
  checkNames(given, report);
  const definition = override(given, overrides);
  checkPorts(definition, report);
  checkHostNames([...(overrides.noncesOf?.keys() ?? [])], definition, report);
  if (problems.length > 0) throw new DefinitionError(problems);
  return definition;
}

function readVersion(top: Section): string | undefined {
  if (!top.names().includes("reported_version")) return undefined;
  return top.text("reported_version", /^\d{1,3}\.\d{1,3}\.\d{1,3}$/, "such as 0.38.19");
}

/** gonka when the key is not there. */
function readApplication(top: Section): Application {
  if (!top.names().includes("application")) return "gonka";
  const text = top.text("application", /^(gonka|kvstore|simapp)$/, "gonka, kvstore or simapp");
  return applications.find((name) => name === text) ?? "gonka";
}

function override(given: Definition, { validators, nonces, noncesOf }: Overrides): Definition {
  const hosts = {
    ...given.hosts,
    nonces: nonces ?? given.hosts.nonces,
    noncesOf: new Map([...given.hosts.noncesOf, ...(noncesOf ?? [])]),
  };
  return { ...given, validators: validators ?? given.validators, hosts };
}

function readToml(file: string): unknown {
  if (!existsSync(file)) {
    throw new DefinitionError([`${file}: does not exist; see localnet/default.toml`]);
  }
  try {
    const text = readFileSync(file, "utf8");
    if (text.length > maxFileBytes)
      throw new Error(`longer than ${maxFileBytes} bytes; shorten it`);
    return parse(text);
  } catch (error) {
    throw new DefinitionError([`${file}: ${error instanceof Error ? error.message : error}`]);
  }
}

type Report = (key: string, problem: string) => void;

/** One table of the file: every key is read once, and whatever is left is unknown. */
class Section {
  readonly #values: Map<string, unknown>;
  readonly #path: string;
  readonly #report: Report;

  constructor(value: unknown, path: string, report: Report) {
    const isTable = typeof value === "object" && value !== null && !Array.isArray(value);
    if (!isTable) report(path, "not a table; write it as in localnet/default.toml");
    this.#values = new Map(isTable ? Object.entries(value) : []);
    this.#path = path;
    this.#report = report;
  }

  text(name: string, shape: RegExp, wanted: string): string {
    const value = this.#take(name);
    if (typeof value === "string" && shape.test(value)) return value;
    this.#refuse(name, value, `write a string, ${wanted}`);
    return "";
  }

  integer(name: string, min: number, max: number): number {
    const value = this.#take(name);
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) {
      return value;
    }
    this.#refuse(name, value, `write a whole number from ${min} to ${max}`);
    return min;
  }

  duration({ name, min = 0, max = 0 }: ConfigKey): string {
    const value = this.#take(name);
    const ms = typeof value === "string" ? parseDuration(value) : undefined;
    if (typeof value === "string" && ms !== undefined && ms >= min && ms <= max) return value;
    this.#refuse(name, value, `write a duration from "${min}ms" to "${max}ms"`);
    return "0";
  }

  section(name: string): Section {
    return new Section(this.#take(name) ?? {}, this.#key(name), this.#report);
  }

  sections(name: string): Section[] {
    const value = this.#take(name) ?? [];
    if (Array.isArray(value)) {
      return value.map((each, index) => new Section(each, `${name}[${index}]`, this.#report));
    }
    this.#report(this.#key(name), `not a list; write [[${name}]]`);
    return [];
  }

  /** The names that nobody has read yet. */
  names(): string[] {
    return [...this.#values.keys()];
  }

  /** To be called when everything known was read. */
  end(): void {
    for (const name of this.names()) this.#report(this.#key(name), "unknown key; remove it");
  }

  #take(name: string): unknown {
    const value = this.#values.get(name);
    this.#values.delete(name);
    return value;
  }

  #refuse(name: string, value: unknown, fix: string): void {
    const problem = value === undefined ? "missing" : `${JSON.stringify(value)} cannot be used`;
    this.#report(this.#key(name), `${problem}; ${fix}`);
  }

  #key(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }
}

function readPorts(ports: Section): Ports {
  const read = {
    p2p: ports.integer("p2p", 1024, maxPort),
    rpc: ports.integer("rpc", 1024, maxPort),
    rest: ports.integer("rest", 1024, maxPort),
    grpc: ports.integer("grpc", 1024, maxPort),
    p2pStep: ports.integer("p2p_step", 1, 1000),
    rpcStep: ports.integer("rpc_step", 1, 1000),
    restStep: ports.integer("rest_step", 1, 1000),
    grpcStep: ports.integer("grpc_step", 1, 1000),
    shift: ports.integer("shift", 1, 10_000),
  };
  ports.end();
  return read;
}

const timeoutKeys = configKeys.filter(
  ({ section, name }) => section === "consensus" && name.startsWith("timeout_"),
);

function readTimeouts(consensus: Section): Record<string, string> {
  const read = timeoutKeys.map((key) => [key.name, consensus.duration(key)] as const);
  consensus.end();
  return Object.fromEntries(read);
}

const noHosts: HostsDefinition = {
  nonces: 0,
  noncesOf: new Map(),
  weight: 0n,
  operatorGnk: 0n,
  workerGnk: 0n,
};

function readHosts(hosts: Section): HostsDefinition {
  const exceptions = hosts.section("nonces_of");
  const noncesOf = new Map(
    exceptions.names().map((name) => [name, exceptions.integer(name, 0, maxNonces)] as const),
  );
  const read = {
    nonces: hosts.integer("nonces", 0, maxNonces),
    noncesOf,
    weight: BigInt(hosts.integer("weight", 1, 1_000_000_000)),
    operatorGnk: BigInt(hosts.integer("operator_gnk", 0, maxGnk)),
    workerGnk: BigInt(hosts.integer("worker_gnk", 0, maxGnk)),
  };
  hosts.end();
  return read;
}

function readAccounts(accounts: readonly Section[], report: Report): DefinedAccount[] {
  if (accounts.length > maxAccounts) {
    report("accounts", `${accounts.length} of them; list at most ${maxAccounts}`);
  }
  return accounts.slice(0, maxAccounts).map((account) => {
    const name = account.text("name", /^[a-z][a-z0-9-]{0,30}$/, "lower-case, such as alice");
    const gnk = BigInt(account.integer("gnk", 0, maxGnk));
    account.end();
    return { name, gnk };
  });
}

/** No two services may want one port, and none may lie above 65535. */
function checkPorts({ ports, validators }: Definition, report: Report): void {
  const seen = new Map<number, string>();
  for (let index = 0; index < validators; index++) {
    const wanted = [
      ["ports.p2p", ports.p2p + index * ports.p2pStep],
      ["ports.rpc", ports.rpc + index * ports.rpcStep],
      ["ports.rest", ports.rest + index * ports.restStep],
      ["ports.grpc", ports.grpc + index * ports.grpcStep],
    ] as const;
    for (const [key, port] of wanted) {
      const other = seen.get(port);
      const node = `node${index + 1}`;
      if (other !== undefined) report(key, `${port} of ${node} is also ${other}; change a step`);
      if (port > maxPort) report(key, `${node} would get ${port}; choose lower ports`);
      if (other !== undefined || port > maxPort) return;
      seen.set(port, `${key} of node${index + 1}`);
    }
  }
}

/** Names of keys are unique, and every exception is about a host that there is. */
function checkNames(definition: Definition, report: Report): void {
  const { accounts, hosts } = definition;
  const seen = new Set<string>();
  accounts.forEach(({ name }, index) => {
    const isTaken = seen.has(name) || /^(host|worker)\d+$/.test(name);
    if (isTaken) report(`accounts[${index}].name`, `${name} is taken; choose another name`);
    seen.add(name);
  });
  checkHostNames([...hosts.noncesOf.keys()], definition, report);
}

function checkHostNames(
  names: readonly string[],
  { validators }: Definition,
  report: Report,
): void {
  for (const name of names) {
    const number = Number(/^host([1-9]\d{0,2})$/.exec(name)?.[1] ?? 0);
    if (number >= 1 && number <= validators) continue;
    report(`hosts.nonces_of.${name}`, `no such host; use host1 to host${validators}`);
  }
}
