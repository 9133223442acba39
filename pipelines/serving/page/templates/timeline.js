// The last seconds as columns; a picture of what the list says in words.

import { isSure } from "/live/speech.js";

const SHOWN_S = { wide: 30, narrow: 15 };
const SHADES = 10;

export class Timeline {
  constructor(canvas, classes) {
    this.canvas = canvas;
    this.classes = classes;
    this.moments = [];
    this.segments = [];
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  clear() {
    this.moments = [];
    this.segments = [];
    this.draw();
  }

  add(moment) {
    this.moments.push(moment);
    this.moments = this.moments.filter((m) => m.end_s > moment.end_s - SHOWN_S.wide - 1);
    this.draw();
  }

  mark(segment) {
    this.segments = [...this.segments.slice(-40), segment];
    this.draw();
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    const scale = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    const pen = this.canvas.getContext("2d");
    pen.scale(scale, scale);
    const style = getComputedStyle(this.canvas);
    this.colour = (name) => style.getPropertyValue(name).trim();
    const shown = width < 600 ? SHOWN_S.narrow : SHOWN_S.wide;
    const last = this.moments.length ? this.moments.at(-1).end_s : 0;
    const begin = Math.max(0, last - shown);
    const x = (time) => ((time - begin) / shown) * width;
    const floor = height - 20;
    this.drawGrid(pen, { x, floor, begin, shown, width });
    for (const moment of this.moments) {
      if (moment.end_s > begin) this.drawColumn(pen, moment, x, floor);
    }
    this.drawNames(pen, x, begin, width);
  }

  drawGrid(pen, { x, floor, begin, shown, width }) {
    pen.font = "12px system-ui, sans-serif";
    pen.textAlign = "center";
    pen.fillStyle = this.colour("--line");
    pen.fillRect(0, floor, width, 1);
    for (let time = Math.ceil(begin / 5) * 5; time <= begin + shown; time += 5) {
      pen.fillStyle = this.colour("--line");
      pen.fillRect(x(time), 22, 1, floor - 22);
      pen.fillStyle = this.colour("--muted");
      if (x(time) > 14 && x(time) < width - 14) pen.fillText(`${time} s`, x(time), floor + 15);
    }
  }

  drawColumn(pen, moment, x, floor) {
    const left = x(moment.start_s);
    const width = Math.max(1, x(moment.end_s) - left - 1);
    if (!moment.posterior) {
      if (moment.is_speech) {
        pen.fillStyle = this.colour("--muted");
        pen.fillRect(left, floor - 3, width, 3);
      }
      return;
    }
    const height = moment.confidence * (floor - 26);
    pen.fillStyle = this.colour(`--class-${this.classes.indexOf(moment.emotion) % SHADES}`);
    if (isSure(moment)) {
      pen.fillRect(left, floor - height, width, height);
      return;
    }
    pen.fillStyle = this.colour("--muted");
    for (let at = 0; at < height; at += 6) pen.fillRect(left, floor - at - 3, width, 3);
  }

  drawNames(pen, x, begin, width) {
    pen.textAlign = "left";
    pen.fillStyle = this.colour("--ink");
    let free = 0;
    for (const segment of this.segments) {
      const left = Math.max(x(segment.start_s), 0);
      const name = segment.said ?? (isSure(segment.verdict) ? segment.verdict.emotion : "not sure");
      const length = pen.measureText(name).width;
      // A name that has no room is in the list.
      if (segment.end_s > begin && left >= free && left + length <= width) {
        pen.fillText(name, left, 14);
        free = left + length + 8;
      }
    }
  }
}
