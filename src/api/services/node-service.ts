/** cosmos.base.node.v1beta1.Service: this node's configuration and how far it is. */
import {
  ConfigRequest,
  ConfigResponse,
  StatusRequest,
  StatusResponse,
} from "cosmjs-types/cosmos/base/node/v1beta1/query";
import { type ServiceMethod, serviceMethod } from "./service.ts";

export const nodeService: readonly ServiceMethod[] = [
  serviceMethod({
    path: "/cosmos.base.node.v1beta1.Service/Config",
    request: ConfigRequest,
    response: ConfigResponse,
    http: [{ method: "GET", path: "/cosmos/base/node/v1beta1/config" }],
    handle: (backend) => ConfigResponse.fromPartial({ minimumGasPrice: backend.minimumGasPrices }),
  }),
  serviceMethod({
    path: "/cosmos.base.node.v1beta1.Service/Status",
    request: StatusRequest,
    response: StatusResponse,
    http: [{ method: "GET", path: "/cosmos/base/node/v1beta1/status" }],
    handle: async (backend) => {
      const { height, time, appHash, validatorsHash } = await backend.tip();
      const earliestStoreHeight = await backend.earliestHeight();
      const hashes = { appHash, validatorHash: validatorsHash };
      return { earliestStoreHeight, height, timestamp: time, ...hashes };
    },
  }),
];
