/** cosmos.base.tendermint.v1beta1.Service: blocks, validators and the node, for REST and gRPC. */

import type { PageRequest } from "cosmjs-types/cosmos/base/query/v1beta1/pagination";
import {
  ABCIQueryRequest,
  ABCIQueryResponse,
  GetBlockByHeightRequest,
  GetBlockByHeightResponse,
  GetLatestBlockRequest,
  GetLatestBlockResponse,
  GetLatestValidatorSetRequest,
  GetLatestValidatorSetResponse,
  GetNodeInfoRequest,
  GetNodeInfoResponse,
  GetSyncingRequest,
  GetSyncingResponse,
  GetValidatorSetByHeightRequest,
  GetValidatorSetByHeightResponse,
} from "cosmjs-types/cosmos/base/tendermint/v1beta1/query";
import { PubKey as Ed25519PubKey } from "cosmjs-types/cosmos/crypto/ed25519/keys";
import { PubKey as Secp256k1PubKey } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { toBech32 } from "../../encoding/bech32.ts";
import type { Validator } from "../../types/validators/validator.ts";
import type { ApiBackend } from "../expected.ts";
import { GrpcError, grpcCode } from "../grpc-error.ts";
import { type ServiceMethod, serviceMethod } from "./service.ts";

const path = (name: string): string => `/cosmos.base.tendermint.v1beta1.Service/${name}`;
const get = (rest: string) =>
  [{ method: "GET", path: `/cosmos/base/tendermint/v1beta1/${rest}` }] as const;
/** Validators in one answer at most. */
const maxPageLimit = 100n;

export const tendermintService: readonly ServiceMethod[] = [
  serviceMethod({
    path: path("GetNodeInfo"),
    request: GetNodeInfoRequest,
    response: GetNodeInfoResponse,
    http: get("node_info"),
    handle: nodeInfo,
  }),
  serviceMethod({
    path: path("GetSyncing"),
    request: GetSyncingRequest,
    response: GetSyncingResponse,
    http: get("syncing"),
    handle: async (backend) => ({ syncing: await backend.isCatchingUp() }),
  }),
  serviceMethod({
    path: path("GetLatestBlock"),
    request: GetLatestBlockRequest,
    response: GetLatestBlockResponse,
    http: get("blocks/latest"),
    handle: (backend) => blockAt(backend, backend.latestHeight()),
  }),
  serviceMethod({
    path: path("GetBlockByHeight"),
    request: GetBlockByHeightRequest,
    response: GetBlockByHeightResponse,
    http: get("blocks/{height}"),
    handle: (backend, { height }) => blockAt(backend, height),
  }),
  serviceMethod({
    path: path("GetLatestValidatorSet"),
    request: GetLatestValidatorSetRequest,
    response: GetLatestValidatorSetResponse,
    http: get("validatorsets/latest"),
    handle: (backend, { pagination }) =>
      validatorsAt(backend, backend.latestHeight() + 1n, pagination),
  }),
  serviceMethod({
    path: path("GetValidatorSetByHeight"),
    request: GetValidatorSetByHeightRequest,
    response: GetValidatorSetByHeightResponse,
    http: get("validatorsets/{height}"),
    handle: (backend, { height, pagination }) => validatorsAt(backend, height, pagination),
  }),
  serviceMethod({
    path: path("ABCIQuery"),
    request: ABCIQueryRequest,
    response: ABCIQueryResponse,
    http: get("abci_query"),
    handle: (backend, request) => {
      const answer = backend.query(request);
      return ABCIQueryResponse.fromPartial({
        ...answer,
        ...(answer.proofOps ? { proofOps: answer.proofOps } : {}),
      });
    },
  }),
];

async function nodeInfo(backend: ApiBackend): Promise<GetNodeInfoResponse> {
  const [node, tip] = [await backend.nodeInfo(), await backend.tip()];
  return GetNodeInfoResponse.fromPartial({
    defaultNodeInfo: {
      protocolVersion: { p2p: 8n, block: 11n, app: tip.appVersion },
      defaultNodeId: node.nodeId,
      listenAddr: node.p2pListenAddress,
      network: node.network,
      version: node.cometVersion,
      channels: node.channels,
      moniker: node.moniker,
      other: { txIndex: "on", rpcAddress: node.rpcAddress },
    },
    applicationVersion: {
      name: node.appName,
      appName: node.appName,
      version: backend.appVersion,
      // Relayers refuse chains whose dependencies they do not know (hermes compatibility.rs): what
      // these interfaces conform to, in the place where an SDK chain names its Go modules.
      buildDeps: [
        { path: "github.com/cosmos/cosmos-sdk", version: "v0.50.14", sum: "" },
        { path: "github.com/cometbft/cometbft", version: "v0.38.19", sum: "" },
      ],
      cosmosSdkVersion: "v0.50.14",
    },
  });
}

async function blockAt(backend: ApiBackend, height: bigint): Promise<GetBlockByHeightResponse> {
  if (height > backend.latestHeight()) {
    throw new GrpcError(
      grpcCode.invalidArgument,
      "requested block height is bigger then the chain length",
    );
  }
  const found = height >= 1n ? await backend.block(height) : undefined;
  if (!found) throw new GrpcError(grpcCode.notFound, `block ${height} not found`);
  const { block, blockId } = found;
  const proposerAddress = consensusAddress(backend, block.header.proposerAddress);
  return { blockId, block, sdkBlock: { ...block, header: { ...block.header, proposerAddress } } };
}

const consensusAddress = (backend: ApiBackend, address: Uint8Array): string =>
  toBech32(`${backend.bech32Prefix}valcons`, address);

async function validatorsAt(
  backend: ApiBackend,
  height: bigint,
  pagination: PageRequest | undefined,
): Promise<GetLatestValidatorSetResponse> {
  const set = await backend.validators(height);
  if (!set) {
    const text = "requested block height is bigger then the chain length";
    throw new GrpcError(grpcCode.invalidArgument, text);
  }
  const limit = pagination?.limit || maxPageLimit;
  const count = Number(limit > maxPageLimit ? maxPageLimit : limit);
  const offset = Number(pagination?.offset ?? 0n);
  return {
    blockHeight: height,
    validators: set.validators.slice(offset, offset + count).map((validator) => ({
      address: consensusAddress(backend, validator.address),
      pubKey: anyPubKey(validator),
      votingPower: validator.power,
      proposerPriority: validator.priority,
    })),
    pagination: { nextKey: new Uint8Array(), total: BigInt(set.size) },
  };
}

function anyPubKey({ pubKey }: Validator): Any {
  const codec = pubKey.type === "ed25519" ? Ed25519PubKey : Secp256k1PubKey;
  return {
    typeUrl: `/cosmos.crypto.${pubKey.type}.PubKey`,
    value: codec.encode({ key: pubKey.key }).finish(),
  };
}
