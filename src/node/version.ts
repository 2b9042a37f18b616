/** Versions that a node tells. */

/** Of this program; the same as in package.json, which a test compares. */
export const appVersion = "0.1.0";
export const appName = "gonkad";
/** The CometBFT version whose interfaces this node speaks: clients choose their dialect by it. */
export const cometVersion = "0.38.19";
