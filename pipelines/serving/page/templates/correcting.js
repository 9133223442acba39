// The list of segments, and what whoever listens says is right.

import { describe, drawId, explain, isSure } from "/live/speech.js";
import { toBase64, writeWav } from "/live/recorder.js";

const SHOWN = 60;
const PADDING_S = 0.2;
const TRIES_MS = [0, 1000, 4000];
const SHADES = 10;
const byId = (id) => document.getElementById(id);
const seconds = (value) => value.toFixed(1);

export class Corrections {
  constructor({ classes, isOpen, consent, session, announce, onChange }) {
    Object.assign(this, { classes, isOpen, consent, session, announce, onChange });
    this.list = byId("segments");
    this.template = byId("row");
    this.rows = new Map();
    this.isListening = false;
    byId("consent")?.addEventListener("change", () => this.rows.forEach((row) => this.show(row)));
  }

  get hasConsent() {
    return this.isOpen && byId("consent").checked;
  }

  // Adds a segment; `sound` are its samples and their rate, kept for as long as it is listed.
  add(segment, samples, rate) {
    const element = this.template.content.firstElementChild.cloneNode(true);
    const find = (name) => element.querySelector(name);
    const row = { segment, samples, rate, element, find, said: null, state: "none", openedAt: 0 };
    this.rows.set(segment.id, row);
    const when = `${seconds(segment.start_s)}–${seconds(segment.end_s)} s`;
    find(".when").textContent = when;
    find(".verdict").textContent = describe(segment.verdict);
    find(".sure").textContent = explain(segment.verdict);
    find(".swatch").classList.add(
      isSure(segment.verdict) ? `c${this.classes.indexOf(segment.verdict.emotion) % SHADES}` : "unsure",
    );
    find(".choices").id = `choices-${segment.id}`;
    find(".choices").setAttribute("aria-label", `What is right for ${when}?`);
    find(".open").setAttribute("aria-controls", `choices-${segment.id}`);
    find(".play").setAttribute("aria-label", `Play ${when}`);
    find(".undo").setAttribute("aria-label", `Undo the correction of ${when}`);
    this.classes.forEach((name, index) => this.addChoice(row, name, index));
    find(".open").addEventListener("click", () => this.toggle(row));
    find(".play").addEventListener("click", () => this.play(row));
    find(".undo").addEventListener("click", () => this.undo(row));
    find(".store").addEventListener("click", () => this.choose(row, row.said));
    find(".choices").addEventListener("keydown", (event) => this.press(row, event));
    this.list.prepend(element);
    if (this.rows.size > SHOWN) this.forget();
    this.show(row);
    this.announce(`${when}: ${describe(segment.verdict)}, ${explain(segment.verdict)}.`);
  }

  addChoice(row, name, index) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.label = name;
    button.setAttribute("aria-pressed", "false");
    const swatch = document.createElement("span");
    swatch.className = `swatch c${index % SHADES}`;
    button.append(swatch, name);
    button.addEventListener("click", () => this.choose(row, name));
    row.find(".choices").append(button);
  }

  forget() {
    // What is being sent, or was only marked here, stays in sight.
    const old = [...this.rows.values()].find((row) => row.state === "none" || row.state === "stored");
    if (!old || old.element.contains(document.activeElement)) return;
    old.element.remove();
    this.rows.delete(old.segment.id);
  }

  toggle(row, isOpen = row.find(".choices").hidden) {
    this.rows.forEach((other) => {
      const shown = other === row && isOpen;
      other.find(".choices").hidden = !shown;
      other.find(".open").setAttribute("aria-expanded", String(shown));
    });
    if (isOpen) row.openedAt = performance.now();
  }

  press(row, event) {
    const buttons = [...row.find(".choices").children];
    const at = buttons.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step) buttons.at((at + step) % buttons.length).focus();
    else if (event.key === "Escape") {
      this.toggle(row, false);
      row.find(".open").focus();
    } else return;
    event.preventDefault();
  }

  async choose(row, label) {
    const before = { said: row.said, state: row.state };
    const lead = row.openedAt ? (performance.now() - row.openedAt) / 1000 : null;
    row.said = label;
    row.segment.said = label;
    this.toggle(row, false);
    row.find(".open").focus();
    this.onChange();
    if (!this.hasConsent) {
      row.state = before.state === "stored" ? "kept" : "local";
      this.show(row);
      return;
    }
    row.state = "sending";
    this.show(row);
    await this.send(row, { label, lead_time_s: lead && Math.min(3600, Math.round(lead * 1000) / 1000) });
  }

  async undo(row) {
    const isStored = ["stored", "failed", "kept"].includes(row.state);
    row.find(".open").focus();
    if (!isStored) {
      this.clear(row, "The mark is gone.");
      return;
    }
    row.state = "undoing";
    this.show(row);
    await this.send(row, { label: null });
  }

  async send(row, said) {
    row.event = drawId();
    const document_ = {
      event: row.event,
      segment: row.segment.id,
      session: this.session,
      annotator: byId("name").value,
      heard: isSure(row.segment.verdict) ? row.segment.verdict.emotion : null,
      ...said,
    };
    if (said.label !== null) {
      document_.consent = this.consent;
      document_.sound = toBase64(writeWav(row.samples, row.rate));
    }
    const answer = await this.post(document_);
    this.tell(answer);
    if (answer.status === 202 && said.label !== null) {
      row.state = "stored";
      this.announce(`Stored as ${row.said}.`);
    } else if (answer.status === 202 || (said.label === null && answer.status === 404)) {
      const stays = answer.has_sound ? " Its sound stays in the collection, without a label." : "";
      this.clear(row, `The correction is withdrawn.${stays}`);
    } else {
      row.state = "failed";
      row.why = answer.detail;
      this.announce(`Not stored: ${answer.detail}.`);
    }
    this.show(row);
  }

  // Sends with patience: each click has an id, so that none counts twice.
  async post(body) {
    const headers = { "Content-Type": "application/json" };
    const key = byId("key")?.value;
    if (key) headers.Authorization = `Bearer ${key}`;
    let answer = { status: 0, detail: "the server cannot be reached" };
    for (const pause of TRIES_MS) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      try {
        const got = await fetch("/live/corrections", { method: "POST", headers, body: JSON.stringify(body) });
        answer = { detail: `the server answered ${got.status}`, ...(await got.json()), status: got.status };
      } catch {
        continue;
      }
      if (answer.status < 500 && answer.status !== 429) break;
    }
    return answer;
  }

  tell(answer) {
    if (answer.trouble) {
      byId("stored").textContent =
        `${answer.waiting} corrections are safe on the server and wait for its warehouse: ${answer.trouble}`;
    } else if (answer.status === 202) byId("stored").textContent = "";
  }

  clear(row, words) {
    Object.assign(row, { said: null, state: "none", why: "" });
    row.segment.said = undefined;
    this.show(row);
    this.onChange();
    this.announce(words);
    byId("stored").textContent = words;
  }

  show(row) {
    const { find, state, said } = row;
    const words = {
      local: this.isOpen
        ? "only on this page: nothing is stored without your agreement above"
        : "only on this page: this server keeps no sound",
      kept: "only on this page; what you stored before stands until you undo it or store this",
      sending: "being stored …",
      stored: "stored",
      undoing: "being withdrawn …",
      failed: `not stored: ${row.why}`,
    };
    find(".outcome").hidden = state === "none";
    find(".outcome").dataset.state = state;
    find(".said").textContent = said ? `You: ${said} · ${words[state]}` : "";
    find(".undo").hidden = state === "sending" || state === "undoing";
    find(".store").hidden = !(this.hasConsent && ["local", "kept", "failed"].includes(state));
    find(".play").hidden = this.isListening;
    for (const button of find(".choices").children) {
      button.setAttribute("aria-pressed", String(button.dataset.label === said));
    }
    byId("none").hidden = this.rows.size > 0;
    byId("count").textContent = this.rows.size ? `${this.rows.size} ${this.rows.size === 1 ? "segment" : "segments"}` : "";
  }

  // What is played would be heard by the microphone.
  listen(isListening) {
    this.isListening = isListening;
    this.rows.forEach((row) => this.show(row));
  }

  play(row) {
    this.player?.close();
    this.player = new AudioContext();
    const buffer = this.player.createBuffer(1, row.samples.length, row.rate);
    buffer.copyToChannel(Float32Array.from(row.samples, (value) => value / 32768), 0);
    const source = this.player.createBufferSource();
    source.buffer = buffer;
    source.connect(this.player.destination);
    source.start();
  }
}

export { PADDING_S };
