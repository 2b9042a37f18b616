/**
 * The event query language: `tag op value {AND tag op value}` (cometbft libs/pubsub/query). There
 * is no OR, no NOT and no grouping. spec/rpc.md §5.
 */
import { QuerySyntaxError, scan, type Token, type TokenKind } from "./scanner.ts";

export type Operator = "<=" | ">=" | "<" | ">" | "=" | "CONTAINS" | "EXISTS";

/** One condition. The operand is missing only for EXISTS. */
export interface Condition {
  readonly tag: string;
  readonly operator: Operator;
  readonly operand?: Operand | undefined;
}

/** What a tag is compared with. text is as written, without quotes and labels. */
export interface Operand {
  readonly kind: "string" | "number" | "timestamp" | "datestamp";
  readonly text: string;
}

/** A conjunction of conditions, at least one. */
export type Query = readonly Condition[];

const operators: readonly TokenKind[] = [
  "<= operator",
  ">= operator",
  "< operator",
  "> operator",
  "= operator",
  "CONTAINS operator",
  "EXISTS operator",
];
const ordered: readonly TokenKind[] = ["number", "timestamp", "datestamp"];

/** Parses a query; throws a QuerySyntaxError with CometBFT's text. */
export function parseQuery(text: string): Query {
  const tokens = scan(text);
  const end = Buffer.byteLength(text);
  let next = 0;
  const take = (kinds: readonly TokenKind[]): Token => {
    const token = tokens[next];
    if (!token) throw new QuerySyntaxError(`offset ${end}: EOF`);
    if (!kinds.includes(token.kind)) throw unexpected(token, kinds);
    next += 1;
    return token;
  };
  const conditions = [parseCondition(take)];
  while (next < tokens.length) {
    const token = tokens[next] as Token;
    if (token.kind !== "AND operator") {
      throw new QuerySyntaxError(`offset ${token.offset}: got ${token.kind}, want AND operator`);
    }
    next += 1;
    conditions.push(parseCondition(take));
  }
  return conditions;
}

function parseCondition(take: (kinds: readonly TokenKind[]) => Token): Condition {
  const tag = take(["tag"]).text;
  const operator = take(operators).kind.replace(" operator", "") as Operator;
  if (operator === "EXISTS") return { tag, operator };
  const kinds: readonly TokenKind[] =
    operator === "CONTAINS" ? ["string"] : operator === "=" ? [...ordered, "string"] : ordered;
  const { kind, text } = take(kinds);
  return { tag, operator, operand: { kind: kind as Operand["kind"], text } };
}

function unexpected(token: Token, wanted: readonly TokenKind[]): QuerySyntaxError {
  const last = wanted[wanted.length - 1] ?? "";
  const label = wanted.length === 1 ? last : `${wanted.slice(0, -1).join(", ")} or ${last}`;
  return new QuerySyntaxError(`offset ${token.offset}: got ${token.kind}, wanted ${label}`);
}

/** The query in its canonical spelling: the key of a subscription. */
export function formatQuery(query: Query): string {
  return query.map(formatCondition).join(" AND ");
}

function formatCondition({ tag, operator, operand }: Condition): string {
  if (!operand) return `${tag} ${operator}`;
  return `${tag} ${operator} ${formatOperand(operand)}`;
}

function formatOperand({ kind, text }: Operand): string {
  if (kind === "string") return `'${text}'`;
  if (kind === "timestamp") return `TIME ${text}`;
  return kind === "datestamp" ? `DATE ${text}` : text;
}
