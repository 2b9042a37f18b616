/**
 * The OpenAPI 3.0 document of the REST gateway, made of the same table that serves it: paths from
 * the routes, schemas from the descriptors of their messages.
 */
import type { DescField, DescMessage, DescMethod } from "@bufbuild/protobuf";
import type { HttpRule } from "../../modules/module.ts";
import { heightHeader } from "../height.ts";
import type { Router } from "../router.ts";
import { type Schema, Schemas } from "./schemas.ts";

/** One parameter or operation, as OpenAPI writes it. */
type Piece = Readonly<Record<string, unknown>>;

/** The document. Routes whose methods have no descriptor are left out. */
export function openApiDocument(router: Router): Piece {
  const schemas = new Schemas();
  const paths: Record<string, Record<string, Piece>> = {};
  const services = new Set<string>();
  for (const route of router.routes) {
    const [, service = "", name = ""] = route.path.split("/");
    const method = router.descriptors.registry
      .getService(service)
      ?.methods.find((each) => each.name === name);
    if (!method) continue;
    for (const [index, rule] of route.http.entries()) {
      const path = rule.path.replace(/=\*\*\}/g, "}");
      services.add(service);
      paths[path] = {
        ...paths[path],
        [rule.method.toLowerCase()]: operation(method, rule, { index, schemas }),
      };
    }
  }
  const { appVersion } = router.backend;
  return {
    openapi: "3.0.3",
    info: {
      title: "gonka-ts REST",
      description: "Queries, transactions and blocks of a node, in the JSON of the Cosmos SDK.",
      version: appVersion,
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "/" }],
    security: [],
    tags: [...services].sort().map((name) => ({ name, description: `gRPC service ${name}.` })),
    paths: sorted(paths),
    components: {
      parameters: { height: heightParameter },
      responses: { Refusal: refusal },
      schemas: { ...schemas.components, Error: errorSchema },
    },
  };
}

const sorted = <T>(object: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));

const heightParameter: Piece = {
  name: heightHeader,
  in: "header",
  description: "Height of the state to ask; the latest when absent.",
  schema: { type: "string", format: "uint64" },
};
const errorSchema: Schema = {
  type: "object",
  properties: {
    code: { type: "integer", description: "gRPC status code." },
    message: { type: "string" },
    details: { type: "array", items: { type: "object" } },
  },
  required: ["code", "message", "details"],
};
const json = (schema: Schema): Piece => ({ "application/json": { schema } });
const refusal: Piece = {
  description: "Refused.",
  content: json({ $ref: "#/components/schemas/Error" }),
};

function operation(
  method: DescMethod,
  rule: HttpRule,
  { index, schemas }: { readonly index: number; readonly schemas: Schemas },
): Piece {
  const service = method.parent.typeName;
  const id = `${service.replaceAll(".", "_")}_${method.name}`;
  const isPost = rule.method === "POST";
  const refused = { $ref: "#/components/responses/Refusal" };
  return {
    operationId: index === 0 ? id : `${id}_${index + 1}`,
    summary: words(method.name),
    tags: [service],
    parameters: [
      ...parametersOf(method.input, rule, schemas),
      { $ref: "#/components/parameters/height" },
    ],
    ...(isPost
      ? { requestBody: { required: true, content: json(schemas.message(method.input)) } }
      : {}),
    responses: {
      200: { description: "Answered.", content: json(schemas.message(method.output)) },
      400: refused,
      404: refused,
      default: refused,
    },
  };
}

/** GetBlockByHeight: Get block by height. */
function words(name: string): string {
  const split = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  return `${split.charAt(0).toUpperCase()}${split.slice(1)}`;
}

/** Fields in the path, and for GET the others in the query string. */
function parametersOf(input: DescMessage, rule: HttpRule, schemas: Schemas): Piece[] {
  const inPath = new Set([...rule.path.matchAll(/\{(\w+)/g)].map(([, name]) => name));
  return input.fields.flatMap((field) => {
    if (inPath.has(field.name)) return [parameter("path", field.name, field, schemas)];
    if (rule.method === "POST") return [];
    if (field.fieldKind === "message") {
      return field.message.fields.map((inner) =>
        parameter("query", `${field.name}.${inner.name}`, inner, schemas),
      );
    }
    return [parameter("query", field.name, field, schemas)];
  });
}

function parameter(place: "path" | "query", name: string, field: DescField, schemas: Schemas) {
  const schema = schemas.parameter(field) ?? { type: "string" };
  return { name, in: place, ...(place === "path" ? { required: true } : {}), schema };
}
