/** The verdicts. Written by scripts/make_verdicts.py from anchoring/verdicts.py. */

export const VERDICTS = {
  V01: { name: "INTACT_UNSOLD", exitStatus: 0, tone: "intact" },
  V02: { name: "SOLD_ONCE", exitStatus: 0, tone: "intact" },
  V03: { name: "SEALING", exitStatus: 12, tone: "waiting" },
  V04: { name: "SOLD_AGAIN", exitStatus: 14, tone: "warning" },
  V05: { name: "RECALLED", exitStatus: 14, tone: "stop" },
  V06: { name: "EXPIRED", exitStatus: 14, tone: "warning" },
  V07: { name: "DESTROYED", exitStatus: 14, tone: "stop" },
  V08: { name: "NEVER_ISSUED", exitStatus: 11, tone: "warning" },
  V09: { name: "TYPO", exitStatus: 2, tone: "repair" },
  V10: { name: "NOT_ACTIVATED", exitStatus: 14, tone: "warning" },
  V11: { name: "TAMPERED", exitStatus: 10, tone: "stop" },
  V12: { name: "CANNOT_CHECK", exitStatus: 13, tone: "unknown" },
  V13: { name: "NODES_DISAGREE", exitStatus: 14, tone: "warning" },
  V14: { name: "OUTSIDE_NETWORK", exitStatus: 11, tone: "unknown" },
  V15: { name: "NOT_AUTHORISED", exitStatus: 14, tone: "warning" },
} as const;

/** The code that a call centre can look up. */
export type Verdict = keyof typeof VERDICTS;

/** How a verdict is shown: a shape of its own, a word and a colour. */
export type Tone = (typeof VERDICTS)[Verdict]["tone"];

/** Of all that apply the first is said. */
export const PRECEDENCE: readonly Verdict[] = [
  "V11", "V15", "V05", "V13", "V07", "V04", "V06", "V09",
  "V08", "V10", "V03", "V02", "V01", "V14", "V12",
];

/** What is known of a code before any proof of it is looked at. */
export const CODE_STATES = ["recorded", "sealing", "not_activated", "never_issued", "typo", "outside", "unknown"] as const;
export type CodeState = (typeof CODE_STATES)[number];
