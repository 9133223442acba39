// The microphone, and a memory of what it heard last.

const MEMORY_S = 300;

export const REASONS = {
  NotAllowedError: "The microphone is blocked. Allow it for this page in the browser, then start again.",
  NotFoundError: "No microphone was found. Connect one, then start again.",
  NotReadableError: "Another program holds the microphone. Close it, then start again.",
  Insecure: "Browsers give the microphone only to pages on https, or on this machine as localhost.",
};

export class Recorder {
  constructor() {
    this.rate = 0;
    this.chunks = [];
    this.first = 0; // samples that were forgotten
    this.heard = 0;
  }

  // Opens the microphone; `take` is called with each block of samples.
  async open(take) {
    if (!navigator.mediaDevices) throw new DOMException("", "Insecure");
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    // What makes speech pleasant to hear on the phone removes what tells emotions apart.
    this.stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, ...plain } });
    try {
      this.context = new AudioContext();
      await this.context.audioWorklet.addModule("/live/capture.js");
      this.rate = this.context.sampleRate;
      this.chunks = [];
      this.first = 0;
      this.heard = 0;
      const node = new AudioWorkletNode(this.context, "capture", { numberOfOutputs: 0 });
      node.port.onmessage = (message) => {
        this.remember(message.data);
        take(message.data);
      };
      this.context.createMediaStreamSource(this.stream).connect(node);
      await this.context.resume();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close() {
    this.stream?.getTracks().forEach((track) => track.stop());
    if (this.context && this.context.state !== "closed") this.context.close();
    this.stream = undefined;
  }

  remember(block) {
    this.chunks.push(block);
    this.heard += block.length;
    while (this.heard - this.first > MEMORY_S * this.rate) {
      this.first += this.chunks.shift().length;
    }
  }

  // Returns the samples between two times, or null where they were forgotten.
  slice(startS, endS) {
    const begin = Math.max(0, Math.floor(startS * this.rate));
    const end = Math.min(this.heard, Math.ceil(endS * this.rate));
    if (begin < this.first || end <= begin) return null;
    const found = new Int16Array(end - begin);
    let at = this.first;
    for (const chunk of this.chunks) {
      const from = Math.max(begin, at);
      const to = Math.min(end, at + chunk.length);
      if (from < to) found.set(chunk.subarray(from - at, to - at), from - begin);
      at += chunk.length;
    }
    return found;
  }
}

export function writeWav(samples, rate) {
  const view = new DataView(new ArrayBuffer(44 + 2 * samples.length));
  const put = (at, text) => [...text].forEach((sign, i) => view.setUint8(at + i, sign.charCodeAt(0)));
  put(0, "RIFF");
  view.setUint32(4, 36 + 2 * samples.length, true);
  put(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, 2 * rate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  put(36, "data");
  view.setUint32(40, 2 * samples.length, true);
  samples.forEach((value, i) => view.setInt16(44 + 2 * i, value, true));
  return new Uint8Array(view.buffer);
}

export function toBase64(bytes) {
  let text = "";
  // All at once would be more arguments than a call may have.
  for (let i = 0; i < bytes.length; i += 8192) {
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return btoa(text);
}
