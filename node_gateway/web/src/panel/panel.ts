/** The panel that says who is asked, what became of each, and lets the viewer choose. */

import { button, el, fill, set, sign } from "./dom.ts";
import { addressOf, bareName, countOf, type Place, type Places, quorumOf } from "./places.ts";
import { type Asked, signOf } from "./states.ts";
import { say } from "./words.ts";

const ASKING = "asking";

function field(label: string, name: string): [HTMLElement, HTMLInputElement] {
  const input = el("input");
  input.name = name;
  input.autocomplete = "off";
  return [el("label", say(label), input), input];
}

export class Panel {
  private rule = el("p.rule");
  private list = el("ul.asked");
  private only = el("p");

  /**
   * @param own the participant whose statement is checked: its own witness never counts
   * @param again called when other witnesses were chosen, or the viewer wants to try again
   */
  constructor(
    private readonly places: Places,
    public own: number | null,
    private readonly again: () => void,
  ) {}

  /** The panel for a page, in its language. */
  element(): HTMLElement {
    const choose = el("details.choose", el("summary", say("check.choose")), this.form(), this.only);
    const retry = el("p.row", button(say("check.retry"), this.again, "retry"));
    this.show();
    return el("div.witnesses", this.rule, this.list, el("p.quiet", say("check.relay_means")), choose, retry);
  }

  private form(): HTMLFormElement {
    const [nameLabel, name] = field("check.organisation", "organisation");
    const [urlLabel, url] = field("check.address", "url");
    url.inputMode = "url";
    url.placeholder = "https://";
    const wrong = set(el("p.wrong"), { role: "alert" });
    const made = el("form.adding", el("p", say("check.choose_means")), nameLabel, urlLabel, wrong, el("button", say("check.add")));
    made.onsubmit = (event) => {
      event.preventDefault();
      const address = addressOf(url.value);
      fill(wrong, !address && say("check.no_address"));
      if (!address) return;
      this.places.add(name.value, address);
      made.reset();
      this.again();
    };
    return made;
  }

  /** Say that all are being asked, or what became of each; without either only who they are. */
  show(asked?: Asked | typeof ASKING): void {
    const { own, places } = this;
    const found = asked === ASKING ? undefined : asked;
    const chosen = places.chosen;
    const values = { count: countOf(chosen, own), quorum: quorumOf(chosen, own), agreeing: found ? found.agreeing : 0 };
    const key = found ? "agree" : asked || "would_ask";
    fill(this.rule, el("strong", say(`check.${key}`, values)), ` ${say("check.rule", values)}`);
    fill(this.list, ...chosen.map((one) => this.line(one, found ? found.statuses.get(one.url) : asked && ASKING)));
    fill(this.only, places.mine.length && this.onlyMine());
  }

  private line({ organisation, participant, url, relay, isMine }: Place, given: string | undefined): HTMLElement {
    const status = (participant && participant === this.own ? "own_witness" : given) || "";
    const mark = signOf(status);
    const name = bareName(organisation);
    const who = el(
      "span.who",
      el("strong", name),
      relay && el("span.label", say("check.relay")),
      isMine && el("span.label", say("check.mine")),
      status && el("span.state", say(status === ASKING ? "check.asking_one" : `witness.status.${status}`)),
      el("span.address", url),
    );
    const remove = (): void => {
      this.places.remove(url);
      this.again();
    };
    const removing = isMine && set(button(say("check.remove"), remove), { "aria-label": `${say("check.remove")}: ${name}` });
    return set(el("li", sign(mark), who, removing), { "data-status": status, "data-sign": mark });
  }

  private onlyMine(): HTMLElement {
    const box = el("input");
    box.type = "checkbox";
    box.checked = this.places.onlyMine;
    box.onchange = () => {
      this.places.onlyMine = box.checked;
      this.again();
    };
    return el("label.only", box, ` ${say("check.only_mine")}`);
  }
}
