/* The microphone, at the rate that a model was trained on. */

const TAP = "registerProcessor('tap', class extends AudioWorkletProcessor { process([[samples]]) { if (samples) this.port.postMessage(samples.slice()); return true; } });";

/** A context of sound and what the microphone gives it: at the rate that is wanted, where the browser can do that. */
function opened(sound, rate) {
  for (const options of [{ sampleRate: rate }, {}]) {
    let context;
    try {
      context = new AudioContext(options);
      return [context, context.createMediaStreamSource(sound)];
    } catch (error) {  // Firefox does not join a microphone and a context of different rates, others not every rate
      context?.close();
      if (!("sampleRate" in options)) throw error;
    }
  }
}

/**
 * Hands samples to `heard` as they come.
 * @returns the rate of the browser, and a function that ends it
 */
async function listen(rate, heard) {
  if (!navigator.mediaDevices) throw new Error("The microphone needs a page from https, from localhost, or, in Chromium and Firefox, from a file; this one is none.");
  const plain = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };
  const sound = await navigator.mediaDevices.getUserMedia({ audio: plain }).catch((error) => {
    throw new Error(error.name === "NotAllowedError" ? "The microphone must be allowed for this page; it was not." : `There must be a microphone; ${error.message}.`);
  });
  const [context, source] = opened(sound, rate);
  // a page from a file may load no blob, and some browsers load no module from an address that is data
  await context.audioWorklet.addModule(`data:text/javascript,${encodeURIComponent(TAP)}`)
    .catch(() => context.audioWorklet.addModule(URL.createObjectURL(new Blob([TAP], { type: "text/javascript" }))));
  const tap = new AudioWorkletNode(context, "tap", { channelCount: 1, channelCountMode: "explicit" });
  const resampler = new Resampler(context.sampleRate, rate);
  tap.port.onmessage = ({ data }) => trying(() => heard(resampler.push(data)));
  source.connect(tap);
  await context.resume();
  const end = () => {
    tap.port.onmessage = null;
    for (const track of sound.getTracks()) track.stop();
    return context.close();
  };
  return { rate: context.sampleRate, end };
}

/** The samples of a recording, of one channel. */
async function recorded(file, rate) {
  const bytes = await file.arrayBuffer();
  const read = (own) => new OfflineAudioContext(1, 1, own).decodeAudioData(bytes.slice(0));
  const found = await read(rate).catch(() => read(48000)).catch(() => {
    throw new Error(`The recording must be a sound that this browser knows, such as WAV; ${file.name} is none.`);
  });
  const channels = Array.from({ length: found.numberOfChannels }, (_, k) => found.getChannelData(k));
  const mixed = channels[0].map((_, t) => channels.reduce((sum, channel) => sum + channel[t], 0) / channels.length);
  return new Resampler(found.sampleRate, rate).push(mixed);
}
