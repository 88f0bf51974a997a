/**
 * Sealtrail's verification core: checks proof bundles (`sealtrail/proof/v1`, `sealtrail/proofs/v1`).
 *
 * No DOM, no dependency but two hash functions; runs in any browser with BigInt, from plain HTTP and
 * from file://, and in Node. It was written from the format's text alone, not from the Python verifier,
 * so that one mistake is unlikely to sit in both.
 *
 * What a pass proves: participant P stated this before block time T and it was not changed since.
 * Not that it is true, nor the only or latest statement, nor that its eventTime is right.
 *
 * What is checked: the text (strict UTF-8 and JSON), the shape, every disclosure byte for byte
 * (RFC 8785), that the disclosed items fit into one event and agree with `sealtrail:act`, the fields
 * tree, the codes tree, the batch tree (RFC 9162 shape), the anchor's tip and record, and against
 * witnesses that the VIEWER chose: chain id, genesis hash, one agreed block hash, the code of every
 * listed registry, and that exactly one of them holds that record; a witness that can prove what it
 * says (`eth_getProof`) is held to that, and so are the others; where the network file names
 * validators, who of them sealed the block. Then, at the newest block of each: status and keys of the
 * participant, the right to the codes it commissioned, recalls, successors of the registries; what one
 * of them shows is shown. Whatever a bundle says under `hints` is never used. Outcomes and codes are
 * those of the Python verifier.
 *
 * What is NOT checked: how deep the anchor's block lies (the result gives the witnesses' block beside
 * it), and that trees are sorted (a full opening and the audit of the public entry lists do that).
 */

export type { Act } from "./act.ts";
export { checkRecord, recordOf, tipOf } from "./anchor.ts";
export type { Anchor, Bundle } from "./bundle.ts";
export type { ChainVerdict, Outcome, WitnessLine } from "./chain_verdict.ts";
export { WORST_FIRST } from "./chain_verdict.ts";
export type { CheckedBundle } from "./checked.ts";
export { checkBundle, checkFile, checkSetOfBundles, parseBundles } from "./checked.ts";
export { keccak256, sha256, sha256OfText } from "./hashes.ts";
export type { Seals } from "./headers.ts";
export { checkHeader, sealsOf } from "./headers.ts";
export type { Item, ItemValue } from "./items.ts";
export { openCodeItem, openFieldItem } from "./items.ts";
export type { Contract, Network } from "./network.ts";
export { parseNetwork } from "./network.ts";
export { prefixOfCode, productOfCode } from "./prefixes.ts";
export { Refusal } from "./refusal.ts";
export type { Ask } from "./rpc.ts";
export { askOverHttp } from "./rpc.ts";
export { signerOf } from "./secp256k1.ts";
export type { Level } from "./trees.ts";
export { leafOf, levelsOf, rootFromPath, rootOfEntries } from "./trees.ts";
export type { Verification, Verified, VerifyOptions } from "./verify.ts";
export { QUORUM_DEFAULT, verify } from "./verify.ts";
export type { ShownWarning, Warning } from "./warnings.ts";
export type { Facts } from "./judging.ts";
export { applying, isExpired, judge } from "./judging.ts";
export type { CodeState, Tone, Verdict } from "./verdicts.ts";
export { CODE_STATES, PRECEDENCE, VERDICTS } from "./verdicts.ts";
export type { End, Stated } from "./stated.ts";
export { endOf, factsOf, statedOf } from "./stated.ts";
