/** The panel that says who is asked, what became of each, and lets the viewer choose. */

import { button, el, fill } from "./dom.ts";
import { addressOf, bareName, organisationsOf, type Place, type Places, quorumOf } from "./places.ts";
import { SIGNS, type State } from "./states.ts";
import { say, type Words } from "./words.ts";

/** What a check came to, as far as this panel shows it. */
export interface Asked {
  readonly states: ReadonlyMap<string, State>;
  readonly agreeing: number;
}

export class Panel {
  private readonly rule = el("p", { class: "rule" });
  private readonly list = el("ul", { class: "asked" });
  private readonly only = el("p");
  private asked: Asked | null = null;

  /**
   * @param own the participant whose statement is checked: its own witness never counts
   * @param again called when other witnesses were chosen, or the viewer wants to try again
   */
  constructor(
    private words: Words,
    private readonly places: Places,
    private own: number | null,
    private readonly again: () => void,
  ) {}

  private say(key: string, values: Readonly<Record<string, string | number>> = {}): string {
    return say(this.words, `check.${key}`, values);
  }

  /** The panel for a page, in its language. */
  element(words: Words = this.words): HTMLElement {
    this.words = words;
    const made = el(
      "div",
      { class: "witnesses" },
      this.rule,
      this.list,
      el("p", { class: "quiet" }, this.say("relay_means")),
      el("details", { class: "choose" }, el("summary", {}, this.say("choose")), this.form(), this.only),
      el("p", { class: "row" }, button(this.say("retry"), this.again, { class: "retry" })),
    );
    this.show(this.asked);
    return made;
  }

  private form(): HTMLFormElement {
    const name = el("input", { name: "organisation", maxlength: "128", autocomplete: "off" });
    const url = el("input", { name: "url", inputmode: "url", placeholder: "https://", autocomplete: "off", spellcheck: "false" });
    const wrong = el("p", { class: "wrong", role: "alert" });
    const made = el(
      "form",
      { class: "adding", novalidate: true },
      el("p", {}, this.say("choose_means")),
      el("label", {}, this.say("organisation"), name),
      el("label", {}, this.say("address"), url),
      wrong,
      el("button", {}, this.say("add")),
    );
    made.addEventListener("submit", (event) => {
      event.preventDefault();
      const address = addressOf(url.value);
      fill(wrong, address === null && this.say("no_address"));
      if (address === null) return;
      this.places.add(name.value, address);
      made.reset();
      this.again();
    });
    return made;
  }

  /** Say that all are being asked. */
  asking(own: number | null = this.own): void {
    this.own = own;
    this.show(null, "asking");
  }

  /** Say what became of each; nothing yet: only who they are. */
  show(asked: Asked | null, without?: State): void {
    this.asked = asked;
    const chosen = this.places.chosen;
    const [count, quorum] = [organisationsOf(chosen, this.own).length, quorumOf(chosen, this.own)];
    const agreeing = asked?.agreeing ?? 0;
    const key = asked ? "agree" : without ? "asking" : "would_ask";
    fill(this.rule, el("strong", {}, this.say(key, { count, agreeing })), ` ${this.say("rule", { quorum })}`);
    fill(this.list, ...chosen.map((one) => this.line(one, asked?.states.get(one.url) ?? without)));
    fill(this.only, this.places.hasMine && this.onlyMine());
  }

  private line(place: Place, given: State | undefined): HTMLElement {
    const state = place.participant !== null && place.participant === this.own ? "own" : given;
    const remove = (): void => {
      this.places.remove(place.url);
      this.again();
    };
    return el(
      "li",
      { "data-state": state ?? "", "data-url": place.url },
      el("span", { class: "mark", "aria-hidden": "true" }, state ? SIGNS[state] : "·"),
      el(
        "span",
        { class: "who" },
        el("strong", {}, bareName(place.organisation)),
        place.relay && el("span", { class: "label" }, this.say("relay")),
        place.isMine && el("span", { class: "label" }, this.say("mine")),
        state && el("span", { class: "state" }, this.say(`state.${state}`)),
        el("span", { class: "address" }, place.url),
      ),
      place.isMine && button(this.say("remove"), remove, { "aria-label": this.say("remove_one", { organisation: place.organisation }) }),
    );
  }

  private onlyMine(): HTMLElement {
    const box = el("input", { type: "checkbox", ...(this.places.onlyMine && { checked: true }) });
    box.addEventListener("change", () => {
      this.places.onlyMine = box.checked;
      this.again();
    });
    return el("label", { class: "only" }, box, ` ${this.say("only_mine")}`);
  }
}
