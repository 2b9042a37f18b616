/**
 * OpenAPI schemas of protobuf messages, as REST writes and reads them: what encoding/proto-json.ts
 * does, said in JSON Schema. spec/rest.md §3.
 */
import { type DescEnum, type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";

export type Schema = Readonly<Record<string, unknown>>;

/** Schemas of messages and enums, by full protobuf name; filled as they are referred to. */
export class Schemas {
  readonly #found = new Map<string, Schema>();

  /** Every schema that was referred to, by name. */
  get components(): Readonly<Record<string, Schema>> {
    return Object.fromEntries([...this.#found].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  message(message: DescMessage): Schema {
    const known = wellKnown[message.typeName];
    if (known) return known;
    if (!this.#found.has(message.typeName)) {
      this.#found.set(message.typeName, {}); // Before its fields: messages may hold themselves.
      const properties = message.fields.map((field) => [field.name, this.#field(field)]);
      this.#found.set(message.typeName, {
        type: "object",
        properties: Object.fromEntries(properties),
      });
    }
    return { $ref: `#/components/schemas/${message.typeName}` };
  }

  /** Of a field that stands in a query string or a path; undefined for a message. */
  parameter(field: DescField): Schema | undefined {
    if (field.fieldKind === "scalar") return scalarSchema(field.scalar);
    if (field.fieldKind === "enum") return this.#enum(field.enum);
    if (field.fieldKind !== "list" || field.listKind === "message") return undefined;
    const items = field.listKind === "enum" ? this.#enum(field.enum) : scalarSchema(field.scalar);
    return { type: "array", items };
  }

  #field(field: DescField): Schema {
    switch (field.fieldKind) {
      case "message":
        return nullable(this.message(field.message));
      case "list":
        return field.listKind === "message"
          ? { type: "array", items: this.message(field.message) }
          : (this.parameter(field) ?? {});
      case "map":
        return { type: "object" };
      default: {
        const schema = this.parameter(field) ?? {};
        return schema.format === "byte" ? { ...schema, nullable: true } : schema;
      }
    }
  }

  #enum(type: DescEnum): Schema {
    const names = type.values.map(({ name }) => name);
    this.#found.set(type.typeName, { type: "string", enum: names });
    return { $ref: `#/components/schemas/${type.typeName}` };
  }
}

/** A reference has no room for siblings in OpenAPI 3.0. */
const nullable = (schema: Schema): Schema =>
  "$ref" in schema
    ? { type: "object", nullable: true, allOf: [schema] }
    : { ...schema, nullable: true };

const wellKnown: Readonly<Record<string, Schema>> = {
  "google.protobuf.Timestamp": { type: "string", format: "date-time" },
  "google.protobuf.Duration": {
    type: "string",
    description: "Seconds with up to nine decimals.",
    example: "172800s",
  },
  "google.protobuf.Any": {
    type: "object",
    properties: { "@type": { type: "string", example: "/cosmos.bank.v1beta1.MsgSend" } },
    required: ["@type"],
    additionalProperties: true,
  },
};

/** 64-bit integers are texts: JSON numbers do not hold them. */
function scalarSchema(type: ScalarType): Schema {
  switch (type) {
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.STRING:
      return { type: "string" };
    case ScalarType.BYTES:
      return { type: "string", format: "byte" };
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return { type: "string", format: "int64" };
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return { type: "string", format: "uint64" };
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return { type: "number" };
    default:
      return { type: "integer", format: "int64" };
  }
}
