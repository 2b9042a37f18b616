/**
 * The descriptors of everything that this node may speak of (proto/descriptors.binpb), as files:
 * found by name, by symbol, and by the type that they extend. What gRPC reflection serves.
 */
import { readFileSync } from "node:fs";
import { createFileRegistry, type FileRegistry, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
} from "@bufbuild/protobuf/wkt";

const descriptorsFile = new URL("../../../proto/descriptors.binpb", import.meta.url);

export class DescriptorPool {
  readonly #files = new Map<string, FileDescriptorProto>();
  /** Full name of a message, enum, service, method, field or extension to the name of its file. */
  readonly #symbols = new Map<string, string>();
  /** Full name of a message to the numbers that extend it, each with its file. */
  readonly #extensions = new Map<string, Map<number, string>>();
  /** The same descriptors, linked: for those who walk fields. */
  readonly registry: FileRegistry;

  /** Reads the file that `npm run gen` wrote; annotate may change what it says. */
  static open(annotate: (set: FileDescriptorSet) => void): DescriptorPool {
    const set = fromBinary(FileDescriptorSetSchema, readFileSync(descriptorsFile));
    // Linked before files get imports that come later in the set.
    const registry = createFileRegistry(set);
    annotate(set);
    return new DescriptorPool(set, registry);
  }

  private constructor(set: FileDescriptorSet, registry: FileRegistry) {
    this.registry = registry;
    for (const file of set.file) {
      this.#files.set(file.name, file);
      const scope = file.package;
      for (const message of file.messageType) this.#addMessage(message, scope, file.name);
      for (const { name } of file.enumType) this.#symbols.set(join(scope, name), file.name);
      for (const extension of file.extension) this.#addExtension(extension, scope, file.name);
      for (const { name, method } of file.service) {
        const service = join(scope, name);
        this.#symbols.set(service, file.name);
        for (const each of method) this.#symbols.set(join(service, each.name), file.name);
      }
    }
  }

  /** The file and what it imports, imports of imports included; the file itself comes first. */
  fileWithImports(name: string): readonly string[] {
    const found = new Set<string>();
    const add = (file: string): void => {
      if (found.has(file)) return;
      found.add(file);
      for (const dependency of this.#files.get(file)?.dependency ?? []) add(dependency);
    };
    if (this.#files.has(name)) add(name);
    return [...found];
  }

  /** A FileDescriptorProto, encoded. */
  fileBytes(name: string): Uint8Array | undefined {
    const file = this.#files.get(name);
    return file && toBinary(FileDescriptorProtoSchema, file);
  }

  /** Name of the file that defines this symbol, such as "cosmos.bank.v1beta1.Query.Balance". */
  fileOfSymbol(symbol: string): string | undefined {
    return this.#symbols.get(symbol);
  }

  /** Name of the file that extends the message with this field number. */
  fileOfExtension(type: string, number: number): string | undefined {
    return this.#extensions.get(type)?.get(number);
  }

  /** Field numbers that extend the message, ascending; undefined when it is not known at all. */
  extensionNumbers(type: string): readonly number[] | undefined {
    const numbers = this.#extensions.get(type)?.keys() ?? [];
    return this.registry.getMessage(type) && [...numbers].sort((a, b) => a - b);
  }

  #addMessage(message: DescriptorProto, scope: string, file: string): void {
    const own = join(scope, message.name);
    this.#symbols.set(own, file);
    for (const { name } of message.field) this.#symbols.set(join(own, name), file);
    for (const nested of message.nestedType) this.#addMessage(nested, own, file);
    for (const { name } of message.enumType) this.#symbols.set(join(own, name), file);
    for (const extension of message.extension) this.#addExtension(extension, own, file);
  }

  #addExtension(extension: FieldDescriptorProto, scope: string, file: string): void {
    this.#symbols.set(join(scope, extension.name), file);
    const type = extension.extendee.replace(/^\./, "");
    const numbers = this.#extensions.get(type) ?? new Map<number, string>();
    numbers.set(extension.number, file);
    this.#extensions.set(type, numbers);
  }
}

const join = (scope: string, name: string): string => (scope === "" ? name : `${scope}.${name}`);
