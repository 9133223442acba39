// The page: a microphone, a stream to the server, and what it answers.

import { Corrections, PADDING_S } from "/live/correcting.js";
import { REASONS, Recorder } from "/live/recorder.js";
import { Segmenter, describe, drawId, explain, isSure, percent } from "/live/speech.js";
import { Timeline } from "/live/timeline.js";

const MOST_UNSENT_S = 10;
const NAME = "serloop-live-name";
const SHADES = 10;
const byId = (id) => document.getElementById(id);

const main = byId("live");
const classes = JSON.parse(main.dataset.classes);
const timeline = new Timeline(byId("timeline"), classes);
const recorder = new Recorder();
const corrections = new Corrections({
  classes,
  isOpen: main.dataset.isOpen === "true",
  consent: main.dataset.consent,
  session: drawId(),
  announce: (words) => {
    byId("announcement").textContent = words;
  },
  onChange: () => timeline.draw(),
});
let segmenter = new Segmenter();
let socket = null;
let isListening = false;

function chooseName() {
  const field = byId("name");
  if (!field) return;
  try {
    field.value = localStorage.getItem(NAME) ?? "";
  } catch {
    field.value = ""; // a browser that remembers nothing
  }
  field.value ||= `guest-${drawId().slice(0, 8)}`;
  const remember = () => {
    field.value = field.value.trim() || `guest-${drawId().slice(0, 8)}`;
    try {
      localStorage.setItem(NAME, field.value);
    } catch {
      /* the name holds for this visit */
    }
  };
  remember();
  field.addEventListener("change", remember);
}

function warn(words) {
  byId("trouble").textContent = words;
  byId("trouble").hidden = !words;
}

function setListening(now, words) {
  isListening = now;
  byId("listen").textContent = now ? "Stop listening" : "Start listening";
  byId("listen").classList.toggle("on", now);
  byId("state").textContent = words;
  corrections.listen(now);
}

async function start() {
  warn("");
  byId("listen").disabled = true;
  byId("state").textContent = "Waiting for the microphone …";
  try {
    socket = await openStream();
    // Between the two times the page may have been told that the stream is over.
    const own = socket;
    timeline.clear();
    segmenter = new Segmenter();
    let isAnnounced = false;
    await recorder.open((block) => {
      if (own.readyState !== WebSocket.OPEN) return;
      if (!isAnnounced) own.send(JSON.stringify({ type: "start", sample_rate: recorder.rate, ...shownKey() }));
      isAnnounced = true;
      own.send(block);
      if (own.bufferedAmount > MOST_UNSENT_S * 2 * recorder.rate) {
        stop();
        warn("The connection is too slow for sound. Try again nearer to the server.");
      }
    });
    if (own.readyState === WebSocket.OPEN) setListening(true, "Listening. Speak as you like.");
    else recorder.close();
  } catch (error) {
    socket?.close();
    setListening(false, "The microphone is off.");
    warn(REASONS[error.name] ?? `It could not be started: ${error.message}`);
  } finally {
    byId("listen").disabled = false;
  }
}

const shownKey = () => (byId("key")?.value ? { key: byId("key").value } : {});

function openStream() {
  const address = new URL("/v1/stream", location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  const opened = new WebSocket(address);
  opened.binaryType = "arraybuffer";
  return new Promise((resolve, reject) => {
    opened.onopen = () => resolve(opened);
    opened.onerror = () => reject(new Error("the server cannot be reached, or takes no more streams"));
    opened.onmessage = (message) => hear(JSON.parse(message.data));
    opened.onclose = () => end(opened);
  });
}

function hear(said) {
  if (said.type === "ready") byId("model").textContent = said.model;
  else if (said.type === "moment") take(said);
  else if (said.type === "error") warn(`The server says: ${said.detail}`);
  else if (said.type === "end" && said.reason !== "asked") warn(`The server ended the stream: ${said.reason}.`);
}

function take(moment) {
  timeline.add(moment);
  byId("clock").textContent = `${moment.end_s.toFixed(0)} s`;
  showMoment(moment);
  keep(segmenter.add(moment));
}

function keep(segment) {
  if (!segment) return;
  const samples = recorder.slice(segment.start_s - PADDING_S, segment.end_s + PADDING_S);
  if (!samples) return;
  timeline.mark(segment);
  corrections.add(segment, samples, recorder.rate);
}

function showMoment(moment) {
  const has = Boolean(moment.posterior);
  const words = has ? describe(moment) : moment.is_speech ? "a voice …" : "no voice";
  const gauge = byId("confidence");
  const share = has ? moment.confidence : 0;
  byId("emotion").textContent = words;
  byId("detail").textContent = has ? (isSure(moment) ? `${percent(share)} sure` : explain(moment)) : "\u00a0";
  gauge.setAttribute("aria-valuenow", String(Math.round(100 * share)));
  gauge.setAttribute("aria-valuetext", has ? `${percent(share)}, ${words}` : words);
  gauge.firstElementChild.style.width = `${100 * share}%`;
  gauge.firstElementChild.className =
    has && isSure(moment) ? `c${classes.indexOf(moment.emotion) % SHADES}` : "unsure";
  byId("posterior").querySelectorAll("li").forEach((item) => {
    const value = has ? (moment.posterior[classes[item.dataset.class]] ?? 0) : 0;
    item.querySelector(".fill").style.width = `${100 * value}%`;
    item.querySelector(".number").textContent = percent(value);
  });
}

function stop() {
  recorder.close();
  setListening(false, "The microphone is off.");
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type: "end" }));
}

function end(closed) {
  if (closed !== socket) return;
  keep(segmenter.finish());
  showMoment({ is_speech: false });
  byId("emotion").textContent = "nothing";
  socket = null;
  if (!isListening) return;
  recorder.close();
  setListening(false, "The microphone is off.");
  if (byId("trouble").hidden) warn("The connection was lost. What was heard so far is below; start again to go on.");
}

byId("listen").addEventListener("click", () => (isListening ? stop() : start()));
// Who leaves with marks that are stored nowhere is asked first.
addEventListener("beforeunload", (event) => {
  const isPending = [...corrections.rows.values()].some((row) => ["sending", "undoing"].includes(row.state));
  if (isPending) event.preventDefault();
});
chooseName();
timeline.draw();
