/**
 * grpc-web on the REST port: a browser calls gRPC methods with an ordinary POST, in binary or in
 * base64 (grpc/doc/PROTOCOL-WEB.md). A frame is a flag byte, four bytes of length, and content;
 * trailers come as the last frame of the body.
 */
import { concat, utf8 } from "../encoding/bytes.ts";
import { GrpcError, grpcCode, toGrpcError } from "./grpc-error.ts";
import { heightHeader, parseHeight } from "./height.ts";
import type { Route } from "./router.ts";

/** Content types of requests and answers; the longer ones first, as each begins with the next. */
const contentType = /^application\/grpc-web(-text)?(\+proto)?(\s*;.*)?$/i;
const frameHeaderBytes = 5;
const trailerFlag = 0x80;

/** What a request sent: its content type, its body, the height it asks for. */
interface WebRequest {
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly height: unknown;
}

interface WebAnswer {
  readonly contentType: string;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** Calls the method; a refusal is an answer too. The HTTP status is always 200. */
export async function answerGrpcWeb(route: Route, request: WebRequest): Promise<WebAnswer> {
  const isText = contentType.exec(request.contentType)?.[1] !== undefined;
  const answerType = `application/grpc-web${isText ? "-text" : ""}+proto`;
  const written = (frames: Uint8Array): Uint8Array =>
    isText ? utf8(Buffer.from(frames).toString("base64")) : frames;
  try {
    const message = readFrame(isText ? fromText(request.body) : request.body);
    const options = { height: parseHeight(request.height) };
    const { response, height } = await route.callBytes(message, options);
    return {
      contentType: answerType,
      body: written(concat(frame(0, response), trailers(0, ""))),
      headers: { [heightHeader]: String(height) },
    };
  } catch (thrown) {
    const { code, message } = toGrpcError(thrown);
    return { contentType: answerType, body: written(trailers(code, message)), headers: {} };
  }
}

export const isGrpcWeb = (type: string): boolean => contentType.test(type);

/** The one message of a unary request. */
function readFrame(body: Uint8Array): Uint8Array {
  if (body.length < frameHeaderBytes) throw malformed("the body has no frame");
  if (body[0] !== 0) throw new GrpcError(grpcCode.unimplemented, "compression is not supported");
  const length = new DataView(body.buffer, body.byteOffset).getUint32(1);
  if (body.length !== frameHeaderBytes + length) {
    throw malformed(`the frame says ${length} bytes, the body has ${body.length - 5}`);
  }
  return body.subarray(frameHeaderBytes);
}

const malformed = (text: string): GrpcError =>
  new GrpcError(grpcCode.internal, `malformed grpc-web request: ${text}`);

/** Base64 that may consist of pieces, each with its own padding. */
function fromText(body: Uint8Array): Uint8Array {
  const text = Buffer.from(body).toString("latin1");
  if (!/^[A-Za-z0-9+/=\s]*$/.test(text)) throw malformed("the body is not base64");
  const pieces = text.match(/[^=]+=*/g) ?? [];
  return concat(...pieces.map((piece) => Buffer.from(piece, "base64")));
}

function frame(flag: number, content: Uint8Array): Uint8Array {
  const header = new Uint8Array(frameHeaderBytes);
  header[0] = flag;
  new DataView(header.buffer).setUint32(1, content.length);
  return concat(header, content);
}

/** Status and text, percent-encoded as gRPC wants header values. */
function trailers(code: number, message: string): Uint8Array {
  const text = message === "" ? "" : `grpc-message:${encodeURIComponent(message)}\r\n`;
  return frame(trailerFlag, utf8(`grpc-status:${code}\r\n${text}`));
}
