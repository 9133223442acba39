// From the server's moments to segments: what somebody said between two silences.

const LONGEST_S = 5; // a little more than a model hears at once
const HALF = 0.5;

export const drawId = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");

// Whether the model is sure; one that was not calibrated is when it gives one class half the weight.
export function isSure(moment) {
  return moment.set ? moment.set.length === 1 : moment.confidence >= HALF;
}

// What may be meant where it is not sure: its set, or the two likeliest.
export function candidates(moment) {
  const ranked = Object.entries(moment.posterior).sort((a, b) => b[1] - a[1]);
  const likely = ranked.map(([name]) => name);
  return moment.set && moment.set.length > 1
    ? likely.filter((name) => moment.set.includes(name))
    : likely.slice(0, 2);
}

export const percent = (share) => `${Math.round(100 * share)} %`;

export function describe(moment) {
  return isSure(moment) ? moment.emotion : "not sure";
}

export function explain(moment) {
  return isSure(moment)
    ? percent(moment.confidence)
    : candidates(moment).slice(0, 3).join(" or ") + (candidates(moment).length > 3 ? " or others" : "");
}

export class Segmenter {
  constructor() {
    this.open = null;
  }

  // Takes a moment, and returns the segment that ends with it or before it, or null.
  add(moment) {
    if (!moment.is_speech) return this.finish();
    this.open ??= { id: drawId(), start_s: moment.start_s, end_s: moment.end_s, verdict: null };
    this.open.end_s = moment.end_s;
    if (moment.posterior) this.open.verdict = moment;
    return this.open.end_s - this.open.start_s >= LONGEST_S ? this.finish() : null;
  }

  finish() {
    const ended = this.open;
    this.open = null;
    // What was too short to be judged is no segment.
    return ended && ended.verdict ? ended : null;
  }
}
