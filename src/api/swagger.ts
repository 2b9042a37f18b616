/** The page at /swagger/: Swagger UI over /openapi.json, from the installed package, offline. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(import.meta.url);

/** A file of the page. */
interface PageFile {
  readonly type: string;
  read(): Buffer | string;
}

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>gonka-ts REST</title>
<link rel="stylesheet" href="swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="swagger-ui-bundle.js"></script>
<script src="start.js"></script>
</body>
</html>
`;
const start = `SwaggerUIBundle({ url: "../openapi.json", dom_id: "#page", validatorUrl: null });\n`;

const packaged = (name: string) => (): Buffer => {
  const folder = path.dirname(require.resolve("swagger-ui-dist/package.json"));
  return readFileSync(path.join(folder, name));
};

/** The files of the page by their path. */
export const swaggerFiles: Readonly<Record<string, PageFile>> = {
  "/swagger/": { type: "text/html; charset=utf-8", read: () => page },
  "/swagger/start.js": { type: "text/javascript", read: () => start },
  "/swagger/swagger-ui.css": { type: "text/css", read: packaged("swagger-ui.css") },
  "/swagger/swagger-ui-bundle.js": {
    type: "text/javascript",
    read: packaged("swagger-ui-bundle.js"),
  },
};
