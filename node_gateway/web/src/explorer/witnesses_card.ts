/** Whom to ask: the witnesses that the page offers and those that the viewer adds; and the viewer's own network file. */

import { parseNetwork } from "../core/network.ts";
import { messageOf } from "../core/rpc.ts";
import { addressOf } from "../panel/places.ts";
import type { Context, Place } from "./context.ts";
import { button, el, fill, labelled, mark, onDrop } from "./elements.ts";

const PLACES_MAX = 32;

function line(context: Context, place: Place, again: () => void): HTMLElement {
  const box = el("input", { type: "checkbox", ...(place.isChosen && { checked: true }) });
  box.addEventListener("change", () => {
    place.isChosen = box.checked;
  });
  const remove = (): void => {
    context.remove(place);
    again();
  };
  return el(
    "li",
    { "data-url": place.url },
    el(
      "label",
      {},
      box,
      el("span", {}, el("strong", {}, place.organisation), " ", place.relay && el("span", { class: "label" }, context.say("relay")), " ", place.isMine && el("span", { class: "label" }, context.say("mine")), " ", el("span", { class: "address quiet" }, place.url)),
    ),
    place.isMine && button(context.say("remove"), remove, { "aria-label": context.say("remove_one", { url: place.url }) }),
  );
}

function adding(context: Context, again: () => void): HTMLElement {
  const name = el("input", { name: "organisation", maxlength: "128", autocomplete: "off" });
  const url = el("input", { name: "url", inputmode: "url", placeholder: "https://", autocomplete: "off", spellcheck: "false" });
  const wrong = el("p", { role: "alert" });
  const made = el("form", { class: "fields adding", novalidate: true }, labelled(context.say("organisation"), name), labelled(context.say("address"), url), el("button", {}, context.say("add")), wrong);
  made.addEventListener("submit", (event) => {
    event.preventDefault();
    const address = addressOf(url.value);
    const isRoom = context.places.length < PLACES_MAX;
    fill(wrong, (address === null || !isRoom) && mark(false, context.say("no_address")));
    if (address === null || !isRoom) return;
    context.add(name.value, address);
    again();
  });
  return made;
}

/** The members of a network file that say which network it is. */
function networkText(context: Context): string {
  const { chainId, genesisHash } = context.network;
  return context.say("network.is", { chain: chainId, genesis: `${genesisHash.slice(0, 16)}…` });
}

function networkPart(context: Context, again: () => void): HTMLElement {
  const text = el("textarea", { name: "network", rows: "4", spellcheck: "false" });
  const file = el("input", { type: "file", name: "network-file", accept: ".json,application/json" });
  const said = el("p", { role: "status" });
  const use = (bytes: Uint8Array): void => {
    try {
      const network = parseNetwork(bytes);
      context.network = network;
      const theirs = Object.entries(network.witnesses).flatMap(([organisation, { participant, urls }]) =>
        urls.map((url): Place => ({ organisation, participant, url, relay: false, isChosen: false, isMine: true })),
      );
      const known = context.places.map(({ url }) => url);
      context.places = [...context.places, ...theirs.filter(({ url }) => !known.includes(url))];
      again();
    } catch (error) {
      fill(said, mark(false, context.say("network.wrong", { why: messageOf(error) })));
    }
  };
  const take = (given: Blob | undefined): void => {
    const reader = new FileReader();
    reader.onload = () => use(new Uint8Array(reader.result as ArrayBuffer));
    if (given) reader.readAsArrayBuffer(given);
  };
  file.addEventListener("change", () => take(file.files?.[0]));
  const own = context.network !== context.facts.network;
  const zone = el(
    "details",
    { class: "network" },
    el("summary", {}, context.say(own ? "network.own" : "network.theirs")),
    el("p", {}, networkText(context)),
    el("p", { class: "quiet" }, context.say("network.means")),
    labelled(context.say("network.file"), file),
    labelled(context.say("network.paste"), text),
    el("p", { class: "row" }, button(context.say("network.use"), () => use(new TextEncoder().encode(text.value)))),
    said,
  );
  onDrop(zone, take);
  return zone;
}

/** The card; `read` begins the reading from a block on, null: as the page thinks best. */
export function witnessesCard(context: Context, read: (from: number | null) => void): HTMLElement {
  const made = el("section", { class: "card", id: "witnesses", "aria-labelledby": "whom" });
  const from = el("input", { name: "from", type: "number", min: "0", placeholder: "0" });
  const again = (): void => {
    const isOpen = made.querySelector("details.network")?.hasAttribute("open");
    const network = networkPart(context, again);
    if (isOpen) network.setAttribute("open", "");
    const start = (): void => read(from.value === "" ? null : Math.max(0, Math.floor(Number(from.value))));
    fill(
      made,
      el("h2", { id: "whom" }, context.say("whom")),
      el("p", { class: "quiet" }, context.say("whom_means")),
      el("ul", { class: "places" }, ...context.places.map((place) => line(context, place, again))),
      adding(context, again),
      network,
      el("details", { class: "from" }, el("summary", {}, context.say("from")), el("p", { class: "quiet" }, context.say("from_means")), labelled(context.say("from_block"), from)),
      el("p", { class: "row" }, button(context.say("read"), start, { class: "first read" })),
    );
  };
  again();
  return made;
}
