/**
 * cosmos.base.reflection: which types stand in which Any (v1beta1), and what the chain is made of
 * (v2alpha1). Clients without descriptors of their own ask this before they sign.
 */
import {
  ListAllInterfacesRequest,
  ListAllInterfacesResponse,
  ListImplementationsRequest,
  ListImplementationsResponse,
} from "cosmjs-types/cosmos/base/reflection/v1beta1/reflection";
import {
  GetAuthnDescriptorRequest,
  GetAuthnDescriptorResponse,
  GetChainDescriptorRequest,
  GetChainDescriptorResponse,
  GetCodecDescriptorRequest,
  GetCodecDescriptorResponse,
  GetConfigurationDescriptorRequest,
  GetConfigurationDescriptorResponse,
  GetQueryServicesDescriptorRequest,
  GetQueryServicesDescriptorResponse,
  GetTxDescriptorRequest,
  GetTxDescriptorResponse,
} from "../../gen/cosmos/base/reflection/v2alpha1/reflection.ts";
import type { ApiBackend } from "../expected.ts";
import { type ServiceMethod, serviceMethod } from "./service.ts";

const v1 = (name: string): string => `/cosmos.base.reflection.v1beta1.ReflectionService/${name}`;
const v2 = (name: string): string => `/cosmos.base.reflection.v2alpha1.ReflectionService/${name}`;
const get = (rest: string) =>
  [{ method: "GET", path: `/cosmos/base/reflection/v1beta1/${rest}` }] as const;

/** SDK interfaces and which of the known type URLs stand behind them; the first match decides. */
const interfaces: readonly (readonly [name: string, types: RegExp])[] = [
  ["cosmos.crypto.PubKey", /^\/cosmos\.crypto\..*PubKey$/],
  ["cosmos.auth.v1beta1.AccountI", /^\/cosmos\.(auth|vesting)\.v1beta1\.\w+Account$/],
  ["cosmos.authz.v1beta1.Authorization", /Authorization$/],
  ["cosmos.feegrant.v1beta1.FeeAllowanceI", /Allowance$/],
  ["cosmos.gov.v1beta1.Content", /^\/cosmos\.\w+\.v1beta1\.\w+Proposal$/],
  ["cosmos.evidence.v1beta1.Evidence", /^\/cosmos\.evidence\./],
];
const msgInterface = "cosmos.base.v1beta1.Msg";
const msgResponseInterface = "cosmos.tx.v1beta1.MsgResponse";

/** Interface to the type URLs that implement it, both sorted. */
function implementations(backend: ApiBackend): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, Set<string>>();
  const add = (name: string, typeUrl: string): void => {
    found.set(name, (found.get(name) ?? new Set()).add(typeUrl));
  };
  const messages = new Set(backend.messages.map(({ typeUrl }) => typeUrl));
  for (const { typeUrl, responseTypeUrl } of backend.messages) {
    add(msgInterface, typeUrl);
    add(msgResponseInterface, responseTypeUrl);
  }
  for (const typeUrl of backend.anyTypeUrls()) {
    if (messages.has(typeUrl)) continue;
    const [name] = interfaces.find(([, types]) => types.test(typeUrl)) ?? [];
    if (name !== undefined) add(name, typeUrl);
  }
  const sorted = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(sorted.map(([name, types]) => [name, [...types].sort()]));
}

/** SignMode names and numbers that the ante chain verifies (cosmos.tx.signing.v1beta1). */
const signModes = [
  { name: "SIGN_MODE_DIRECT", number: 1 },
  { name: "SIGN_MODE_LEGACY_AMINO_JSON", number: 127 },
];
const accountQuery = "cosmos.auth.v1beta1.Query.Account";

export const reflectionService: readonly ServiceMethod[] = [
  serviceMethod({
    path: v1("ListAllInterfaces"),
    request: ListAllInterfacesRequest,
    response: ListAllInterfacesResponse,
    http: get("interfaces"),
    handle: (backend) => ({ interfaceNames: [...implementations(backend).keys()] }),
  }),
  serviceMethod({
    path: v1("ListImplementations"),
    request: ListImplementationsRequest,
    response: ListImplementationsResponse,
    http: get("interfaces/{interface_name}/implementations"),
    handle: (backend, { interfaceName }) => ({
      implementationMessageNames: [...(implementations(backend).get(interfaceName) ?? [])],
    }),
  }),
  serviceMethod({
    path: v2("GetAuthnDescriptor"),
    request: GetAuthnDescriptorRequest,
    response: GetAuthnDescriptorResponse,
    http: get("app_descriptor/authn"),
    handle: () => ({
      authn: {
        signModes: signModes.map((mode) => ({
          ...mode,
          authnInfoProviderMethodFullname: accountQuery,
        })),
      },
    }),
  }),
  serviceMethod({
    path: v2("GetChainDescriptor"),
    request: GetChainDescriptorRequest,
    response: GetChainDescriptorResponse,
    http: get("app_descriptor/chain"),
    handle: async (backend) => ({ chain: { id: (await backend.tip()).chainId } }),
  }),
  serviceMethod({
    path: v2("GetCodecDescriptor"),
    request: GetCodecDescriptorRequest,
    response: GetCodecDescriptorResponse,
    http: get("app_descriptor/codec"),
    handle: (backend) => ({
      codec: {
        interfaces: [...implementations(backend)].map(([fullname, typeUrls]) => ({
          fullname,
          interfaceAcceptingMessages: [],
          interfaceImplementers: typeUrls.map((typeUrl) => ({
            fullname: typeUrl.slice(1),
            typeUrl,
          })),
        })),
      },
    }),
  }),
  serviceMethod({
    path: v2("GetConfigurationDescriptor"),
    request: GetConfigurationDescriptorRequest,
    response: GetConfigurationDescriptorResponse,
    http: get("app_descriptor/configuration"),
    handle: ({ bech32Prefix }) => ({ config: { bech32AccountAddressPrefix: bech32Prefix } }),
  }),
  serviceMethod({
    path: v2("GetQueryServicesDescriptor"),
    request: GetQueryServicesDescriptorRequest,
    response: GetQueryServicesDescriptorResponse,
    http: get("app_descriptor/query_services"),
    handle: (backend) => ({ queries: { queryServices: queryServices(backend) } }),
  }),
  serviceMethod({
    path: v2("GetTxDescriptor"),
    request: GetTxDescriptorRequest,
    response: GetTxDescriptorResponse,
    http: get("app_descriptor/tx_descriptor"),
    handle: ({ messages }) => ({
      tx: {
        fullname: "cosmos.tx.v1beta1.Tx",
        msgs: messages.map(({ typeUrl }) => ({ msgTypeUrl: typeUrl })),
      },
    }),
  }),
];

/** The services that modules answer, with their methods. */
function queryServices({ queries }: ApiBackend) {
  const services = new Map<string, { name: string; fullQueryPath: string }[]>();
  for (const { path } of queries) {
    const [, fullname = "", name = ""] = path.split("/");
    services.set(fullname, [...(services.get(fullname) ?? []), { name, fullQueryPath: path }]);
  }
  return [...services].map(([fullname, methods]) => ({ fullname, isModule: true, methods }));
}
