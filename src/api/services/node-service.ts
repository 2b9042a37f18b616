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
    handle: (backend) => {
      const state = backend.state();
      return {
        earliestStoreHeight: backend.earliestHeight(),
        height: state.lastBlockHeight,
        timestamp: state.lastBlockTime,
        appHash: state.appHash,
        validatorHash: state.nextValidators.hash(),
      };
    },
  }),
];
