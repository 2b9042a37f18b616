/** The mnemonic of localnet/default.toml, written down again: dev accounts must not move. */
export const devMnemonic = "test test test test test test test test test test test junk";
