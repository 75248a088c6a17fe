/* The explorer on a page without a kernel: the same steps as mgrlib.features.LogMel and noise_like,
   computed in the browser. Nothing is downloaded; the sounds are part of the page. */
const mgrMel = (function () {
  "use strict";
  const FLOOR = 1e-10, TOP_DB = 80;

  const hzToMel = (hz) => hz < 1000 ? hz * 3 / 200 : 15 + 27 * Math.log(hz / 1000) / Math.log(6.4);
  const melToHz = (mel) => mel < 15 ? mel * 200 / 3 : 1000 * Math.exp((mel - 15) * Math.log(6.4) / 27);
  const hann = (n) => Float64Array.from({length: n}, (_, i) => 0.5 - 0.5 * Math.cos(2 * Math.PI * i / n));

  const tables = {};
  function table(n) {
    if (!tables[n]) {
      const turn = (f) => Float64Array.from({length: n / 2}, (_, k) => f(2 * Math.PI * k / n));
      tables[n] = [turn(Math.cos), turn(Math.sin)];
    }
    return tables[n];
  }

  /* Fourier transform in place; n is a power of two. The inverse is not divided by n. */
  function fft(re, im, inverse) {
    const n = re.length, [cos, sin] = table(n), sign = inverse ? 1 : -1;
    for (let i = 1, j = 0; i < n; i++) {
      let bit = n >> 1;
      for (; j & bit; bit >>= 1) j ^= bit;
      j ^= bit;
      if (i < j) { [re[i], re[j]] = [re[j], re[i]]; [im[i], im[j]] = [im[j], im[i]]; }
    }
    for (let size = 2; size <= n; size <<= 1) {
      const half = size >> 1, step = n / size;
      for (let k = 0; k < half; k++) {
        const c = cos[k * step], s = sign * sin[k * step];
        for (let a = k; a < n; a += size) {
          const b = a + half, x = re[b] * c - im[b] * s, y = re[b] * s + im[b] * c;
          re[b] = re[a] - x; im[b] = im[a] - y; re[a] += x; im[a] += y;
        }
      }
    }
  }

  /* Triangles of equal area (Slaney), each as its first bin and its weights. */
  function filterbank(rate, nFft, nMels) {
    const top = hzToMel(rate / 2), bins = nFft / 2 + 1, bands = [];
    const edge = (m) => melToHz(top * m / (nMels + 1));
    for (let m = 0; m < nMels; m++) {
      const low = edge(m), center = edge(m + 1), high = edge(m + 2), weights = [];
      const first = Math.floor(low * nFft / rate) + 1;
      for (let k = first; k < bins && k * rate / nFft < high; k++) {
        const hz = k * rate / nFft;
        weights.push(Math.min((hz - low) / (center - low), (high - hz) / (high - center)) * 2 / (high - low));
      }
      bands.push({first: first, weights: weights});
    }
    return bands;
  }

  /* Levels in dB, frame by frame. */
  function logMel(y, rate, nFft, hop, nMels) {
    const bank = filterbank(rate, nFft, nMels), window = hann(nFft), half = nFft / 2;
    const frames = 1 + Math.floor(y.length / hop), db = new Float32Array(frames * nMels);
    const re = new Float64Array(nFft), im = new Float64Array(nFft);
    let loudest = -Infinity;
    for (let t = 0; t < frames; t++) {
      for (let i = 0; i < nFft; i++) { re[i] = (y[t * hop - half + i] || 0) * window[i]; im[i] = 0; }
      fft(re, im, false);
      bank.forEach(function (band, m) {
        let power = 0;
        band.weights.forEach(function (w, i) {
          const k = band.first + i;
          power += w * (re[k] * re[k] + im[k] * im[k]);
        });
        const level = 10 * Math.log10(Math.max(power, FLOOR));
        db[t * nMels + m] = level;
        loudest = Math.max(loudest, level);
      });
    }
    for (let i = 0; i < db.length; i++) db[i] = Math.max(db[i], loudest - TOP_DB);
    return {db: db, frames: frames, bands: nMels};
  }

  /* Reproducible random numbers from 0 to 1. */
  function chance(seed) {
    return function () {
      seed = (seed + 0x6D2B79F5) | 0;
      let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  /* Noise with these levels in its bands. */
  function noiseLike(mel, rate, nFft, hop) {
    const bank = filterbank(rate, nFft, mel.bands), window = hann(nFft), half = nFft / 2;
    const cover = new Float64Array(half + 1), random = chance(1);
    bank.forEach((band) => band.weights.forEach((w, i) => { cover[band.first + i] += w; }));
    const length = hop * (mel.frames - 1) + nFft;
    const out = new Float64Array(length), norm = new Float64Array(length);
    const re = new Float64Array(nFft), im = new Float64Array(nFft), spread = new Float64Array(half + 1);
    for (let t = 0; t < mel.frames; t++) {
      spread.fill(0); re.fill(0); im.fill(0);
      bank.forEach(function (band, m) {
        const total = band.weights.reduce((a, b) => a + b, 0);
        const density = Math.pow(10, mel.db[t * mel.bands + m] / 10) / total;
        band.weights.forEach((w, i) => { spread[band.first + i] += w / cover[band.first + i] * density; });
      });
      for (let k = 1; k < half; k++) {
        const size = Math.sqrt(spread[k] * nFft / hop), phase = 2 * Math.PI * random();
        re[k] = re[nFft - k] = size * Math.cos(phase);
        im[k] = size * Math.sin(phase); im[nFft - k] = -im[k];
      }
      fft(re, im, true);
      for (let i = 0; i < nFft; i++) {
        out[t * hop + i] += re[i] / nFft * window[i];
        norm[t * hop + i] += window[i] * window[i];
      }
    }
    return Float32Array.from({length: hop * (mel.frames - 1)}, (_, i) => out[half + i] / (norm[half + i] || 1));
  }

  /* A WAV file of 16-bit samples at full scale. */
  function wav(y, rate) {
    const view = new DataView(new ArrayBuffer(44 + 2 * y.length)), peak = y.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);
    const text = (at, s) => { for (let i = 0; i < s.length; i++) view.setUint8(at + i, s.charCodeAt(i)); };
    text(0, "RIFF"); view.setUint32(4, 36 + 2 * y.length, true); text(8, "WAVEfmt ");
    view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true);
    view.setUint32(24, rate, true); view.setUint32(28, 2 * rate, true);
    view.setUint16(32, 2, true); view.setUint16(34, 16, true);
    text(36, "data"); view.setUint32(40, 2 * y.length, true);
    for (let i = 0; i < y.length; i++) view.setInt16(44 + 2 * i, Math.round(y[i] / peak * 32000), true);
    return new Uint8Array(view.buffer);
  }

  return {hzToMel: hzToMel, filterbank: filterbank, logMel: logMel, noiseLike: noiseLike, wav: wav};
})();

/* The explorer's controls, picture and sounds. */
function mgrExplore(root) {
  "use strict";
  const options = JSON.parse(root.querySelector("script[type='application/json']").textContent);
  const find = (name) => root.querySelector("[data-part='" + name + "']");
  const choice = {}, image = find("picture"), summary = find("summary"), original = find("original"), resynthesis = find("resynthesis");
  root.querySelectorAll("select").forEach((s) => { choice[s.dataset.part] = s; s.addEventListener("change", renew); });
  const sounds = {};
  let asked = 0, address = "";

  /* The samples of a clip, decoded once. */
  async function samples(name) {
    if (!sounds[name]) {
      const text = atob(options.sounds[name].split(",")[1]);
      const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
      const context = new OfflineAudioContext(1, 1, options.rate);
      const decoded = await context.decodeAudioData(bytes.buffer);
      sounds[name] = decoded.getChannelData(0).slice(0, options.seconds * options.rate);
    }
    return sounds[name];
  }

  function color(level, low, high) {
    const i = 6 * Math.round(255 * (level - low) / Math.max(high - low, 1e-9));
    return [0, 2, 4].map((k) => parseInt(options.colors.slice(i + k, i + k + 2), 16));
  }

  /* The spectrogram with its axes, as a picture of 1280 by 640. */
  function draw(mel) {
    const cells = document.createElement("canvas"), sheet = document.createElement("canvas");
    cells.width = mel.frames; cells.height = mel.bands; sheet.width = 1280; sheet.height = 640;
    const brush = cells.getContext("2d"), pen = sheet.getContext("2d");
    const pixels = brush.createImageData(mel.frames, mel.bands);
    const high = mel.db.reduce((a, b) => Math.max(a, b)), low = mel.db.reduce((a, b) => Math.min(a, b));
    for (let t = 0; t < mel.frames; t++) for (let m = 0; m < mel.bands; m++) {
      const at = 4 * ((mel.bands - 1 - m) * mel.frames + t), rgb = color(mel.db[t * mel.bands + m], low, high);
      pixels.data[at] = rgb[0]; pixels.data[at + 1] = rgb[1]; pixels.data[at + 2] = rgb[2]; pixels.data[at + 3] = 255;
    }
    brush.putImageData(pixels, 0, 0);
    const left = 130, top = 20, width = 1130, height = 520;
    pen.fillStyle = "#ffffff"; pen.fillRect(0, 0, 1280, 640);
    pen.imageSmoothingEnabled = false; pen.drawImage(cells, left, top, width, height);
    pen.fillStyle = pen.strokeStyle = "#22262b"; pen.lineWidth = 2; pen.font = "28px sans-serif";
    pen.strokeRect(left, top, width, height);
    pen.textAlign = "right"; pen.textBaseline = "middle";
    [250, 500, 1000, 2000, 4000, 8000].filter((hz) => hz <= options.rate / 2).forEach(function (hz) {
      const row = mgrMel.hzToMel(hz) / mgrMel.hzToMel(options.rate / 2) * (mel.bands + 1) - 0.5;
      const y = top + height * (1 - row / mel.bands);
      pen.fillRect(left - 8, y - 1, 8, 2); pen.fillText(hz, left - 14, y);
    });
    pen.textAlign = "center"; pen.textBaseline = "top";
    for (let s = 0; s <= options.seconds; s++) {
      const x = left + width * s / options.seconds;
      pen.fillRect(x - 1, top + height, 2, 8); pen.fillText(s, x, top + height + 12);
    }
    pen.fillText("time (s)", left + width / 2, top + height + 50);
    pen.translate(26, top + height / 2); pen.rotate(-Math.PI / 2); pen.textBaseline = "middle";
    pen.fillText("frequency (Hz)", 0, 0);
    return sheet.toDataURL("image/png");
  }

  async function renew() {
    const turn = ++asked, name = choice.genre.value;
    const [nFft, hop, bands] = ["window", "hop", "bands"].map((k) => +choice[k].value);
    const y = await samples(name);
    if (turn !== asked) return;
    const mel = mgrMel.logMel(y, options.rate, nFft, hop, bands);
    if (original.src !== options.sounds[name]) { original.src = options.sounds[name]; original.setAttribute("aria-label", name + ", original"); }
    summary.textContent = options.summary.replace("{bands}", bands).replace("{frames}", mel.frames)
      .replace("{numbers}", (bands * mel.frames).toLocaleString("en"))
      .replace("{ms}", (1000 * nFft / options.rate).toFixed(0)).replace("{hz}", (options.rate / nFft).toFixed(1));
    image.src = draw(mel);
    image.alt = options.alt.replace("{name}", name).replace("{window}", nFft).replace("{hop}", hop).replace("{bands}", bands);
    setTimeout(function () {
      if (turn !== asked) return;
      const file = new Blob([mgrMel.wav(mgrMel.noiseLike(mel, options.rate, nFft, hop), options.rate)], {type: "audio/wav"});
      if (address) URL.revokeObjectURL(address);
      resynthesis.src = address = URL.createObjectURL(file);
      resynthesis.setAttribute("aria-label", name + ", resynthesized from " + bands + " bands");
    }, 0);
  }
}

if (typeof module !== "undefined") module.exports = mgrMel;
