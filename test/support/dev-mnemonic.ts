/** The mnemonic of localnet/default.toml, written down a second time: dev accounts must not move. */
export const devMnemonic = "test test test test test test test test test test test junk";
