// Runs beside the sound: hands it on as 16-bit samples, some fifty milliseconds at a time.
class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Int16Array(Math.max(128, Math.round(sampleRate * 0.05)));
    this.filled = 0;
  }

  process(inputs) {
    const channels = inputs[0];
    // A microphone that was unplugged gives no channel, and its silence counts as time.
    const frames = channels.length ? channels[0].length : 128;
    for (let frame = 0; frame < frames; frame += 1) {
      let sum = 0;
      for (const channel of channels) sum += channel[frame];
      const value = channels.length ? sum / channels.length : 0;
      this.block[this.filled] = Math.max(-32768, Math.min(32767, Math.round(value * 32768)));
      this.filled += 1;
      if (this.filled === this.block.length) {
        const full = this.block;
        this.block = new Int16Array(full.length);
        this.filled = 0;
        this.port.postMessage(full, [full.buffer]);
      }
    }
    return true;
  }
}

registerProcessor("capture", Capture);
