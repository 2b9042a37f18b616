/** The OpenAPI document: it lints clean, and it has every route of the table. */
import { createConfig, lintFromString } from "@redocly/openapi-core";
import t from "tap";
import { openApiDocument } from "../../../src/api/openapi/document.ts";
import { RestApp } from "../../support/rest-app.ts";

type Operation = {
  readonly operationId: string;
  readonly parameters: readonly { readonly name?: string; readonly in?: string }[];
  readonly requestBody?: object;
};
type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Record<string, unknown>>> };
};

let app: RestApp;
t.before(async () => {
  app = await RestApp.start();
  await app.block();
});
t.teardown(() => app.stop());

const documentOf = () => openApiDocument(app.router) as unknown as Document;

t.test("it lints clean with the recommended rules", async (t) => {
  const config = await createConfig({ extends: ["recommended"] });
  const source = JSON.stringify(openApiDocument(app.router));
  const problems = await lintFromString({ source, config });
  t.same(
    problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
    [],
  );
  const broken = source.replace('"openapi":"3.0.3"', '"openapi":"3.0.3","odd":1');
  t.ok((await lintFromString({ source: broken, config })).length > 0, "the linter finds faults");
});

t.test("every REST door is an operation, and every operation a door", async (t) => {
  const { paths } = documentOf();
  const listed = Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const doors = app.router.routes.flatMap(({ http }) =>
    http.map(({ method, path }) => `${method} ${path.replace("=**}", "}")}`),
  );
  t.same(listed.sort(), doors.sort());
  const ids = Object.values(paths).flatMap((path) => Object.values(path).map((o) => o.operationId));
  t.equal(new Set(ids).size, ids.length);
});

t.test("parameters and schemas say what REST reads and writes", async (t) => {
  const { paths, components } = documentOf();
  const names = (path: string) =>
    paths[path]?.get?.parameters.map((each) => `${each.in} ${each.name}`);
  t.ok(names("/cosmos/bank/v1beta1/balances/{address}")?.includes("path address"));
  t.ok(names("/cosmos/bank/v1beta1/balances/{address}")?.includes("query pagination.limit"));
  t.ok(names("/gonka/inference/v1/models/{model_id}")?.includes("path model_id"));
  t.ok(paths["/cosmos/tx/v1beta1/txs"]?.post?.requestBody);
  t.match(components.schemas["cosmos.base.v1beta1.Coin"], {
    properties: { denom: { type: "string" }, amount: { type: "string" } },
  });
  t.match(components.schemas["cosmos.base.query.v1beta1.PageResponse"], {
    properties: { next_key: { format: "byte", nullable: true }, total: { type: "string" } },
  });
  t.match(components.schemas["cosmos.gov.v1.VoteOption"], { enum: /VOTE_OPTION_YES/ });
});

t.test("the document and its page are served, without anything from elsewhere", async (t) => {
  t.same((await app.get("/openapi.json")).body, JSON.parse(JSON.stringify(documentOf())));
  const file = async (path: string) => {
    const response = await fetch(`${app.url}${path}`);
    return { type: response.headers.get("content-type"), text: await response.text() };
  };
  const page = await file("/swagger/");
  t.match(page.type, "text/html");
  t.notMatch(page.text, /https?:/);
  for (const [, name = ""] of page.text.matchAll(/(?:src|href)="([^"]+)"/g)) {
    const { type, text } = await file(`/swagger/${name}`);
    t.match(type, /javascript|css/, name);
    t.ok(text.length > 50, name);
  }
});
