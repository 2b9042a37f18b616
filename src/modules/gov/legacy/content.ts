/** The content of a proposal of gov v1beta1. Only texts: all else is a message of gov v1. */
import { TextProposal } from "cosmjs-types/cosmos/gov/v1beta1/gov";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { decodeTotal } from "../../../encoding/wire.ts";
import { govErrors } from "../errors.ts";

const maxContentBytes = 65_536;
const maxTitleBytes = 140;
const maxDescriptionBytes = 10_000;

/** The text. Throws gov codes 5 and 9. */
export function readContent(content: Any | undefined): TextProposal {
  if (!content) throw govErrors.invalidContent("missing content");
  if (content.typeUrl !== TextProposal.typeUrl) {
    throw govErrors.noHandler(content.typeUrl.slice(0, 200));
  }
  const text = decodeTotal(TextProposal, content.value, { maxBytes: maxContentBytes });
  if (!text) throw govErrors.invalidContent("content is not a text proposal");
  checkLength("title", text.title, maxTitleBytes);
  checkLength("description", text.description, maxDescriptionBytes);
  return text;
}

function checkLength(name: string, text: string, maxBytes: number): void {
  if (text.trim() === "") throw govErrors.invalidContent(`proposal ${name} cannot be blank`);
  if (Buffer.byteLength(text) <= maxBytes) return;
  throw govErrors.invalidContent(`proposal ${name} is longer than max length of ${maxBytes}`);
}

/** The content in legacy amino JSON. */
export function contentAmino(content: Any | undefined): unknown {
  const { title, description } = readContent(content);
  return { type: "cosmos-sdk/TextProposal", value: { title, description } };
}
