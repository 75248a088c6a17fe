/* The page "Try it": sound from a file, a microphone or the course, genres over time from a network that
   runs in the browser (onnx.js). Nothing is sent anywhere: models and clips are part of the page, or of
   scripts that are loaded on a click, because a page opened from disk can load nothing else. */

/* The worker, so that the page can be used while a network computes. */
const mgrTryWorker = function (scope) {
  let net;
  scope.onmessage = function (message) {
    const ask = message.data;
    try {
      if (ask.model) { net = mgrOnnx(ask.model); scope.postMessage({about: net.about, outputs: net.outputs, quick: net.quick}); return; }
      const names = [...net.outputs, ...(ask.picture ? ["network_input"] : [])];
      const results = net.run(ask.waveform, names).map((x) => ({dims: x.dims, data: Float32Array.from(x.data)}));
      scope.postMessage({results: results}, results.map((r) => r.data.buffer));
    } catch (error) { scope.postMessage({error: String(error && error.message || error)}); }
  };
};

/* Parts of models and clips that were loaded: key -> texts in order. */
const mgrTryParts = window.mgrTryParts = window.mgrTryParts || {};
window.mgrTryPart = (key, number, text) => { (mgrTryParts[key] = mgrTryParts[key] || [])[number] = text; };

function mgrTry(root) {
  "use strict";
  const options = JSON.parse(root.querySelector("script[type='application/json']").textContent);
  const part = (name) => root.querySelector("[data-part='" + name + "']");
  const status = part("status"), bar = part("progress"), audio = part("audio"), outcome = part("outcome");
  const MAX_BYTES = 400e6, MAX_MINUTES = 30, MAX_WINDOWS = 60, RECORD_SECONDS = 30, SILENCE = 1e-4;
  const percent = (p) => p > 0.995 ? "over 99 %" : p < 0.005 ? "under 1 %" : (100 * p).toFixed(0) + " %";
  const clock = (s) => s < 59.95 ? s.toFixed(1) + " s" : Math.floor(Math.round(s) / 60) + " min " + Math.round(s) % 60 + " s";
  class Plain extends Error {}  // an error whose message is shown to the reader

  let model = options.models[0], turn = 0, answer = null, address = "", recorder = null;
  const loaded = {};

  function say(text) { status.textContent = text; }
  function progress(value) { bar.hidden = value === null; if (value !== null) bar.value = value; }

  /* ---- loading ---- */

  function script(source) {
    return new Promise(function (done, fail) {
      const element = document.createElement("script");
      element.src = source;
      element.onload = () => { element.remove(); done(); };
      element.onerror = () => fail(new Plain("A part of the page is missing: " + source + ". Keep the whole folder of the site together."));
      document.head.append(element);
    });
  }

  /* The bytes of a model or a clip, unpacked. */
  async function bytesOf(item, what) {
    const texts = item.data ? [item.data] : mgrTryParts[item.key] || [];
    for (let i = texts.length; i < (item.sources || []).length; i++) {
      say("Loading " + what + ", " + item.size + " …");
      progress(i / item.sources.length);
      await script(item.sources[i]);
      texts[i] = mgrTryParts[item.key][i];
    }
    progress(null);
    return Uint8Array.from(atob(texts.join("")), (c) => c.charCodeAt(0));
  }

  async function unpacked(bytes) {
    if (bytes[0] !== 31 || bytes[1] !== 139) return bytes;
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  /* The network of a model, ready to use; it runs in a worker if the browser allows it. */
  async function network(item) {
    if (!loaded[item.key]) {
      const bytes = await unpacked(await bytesOf(item, "the model"));
      const code = "const mgrOnnx = " + mgrOnnx + "; (" + mgrTryWorker + ")(self);";
      let post, waiting;
      const hear = (message) => waiting(message);
      try {
        const worker = new Worker(URL.createObjectURL(new Blob([code], {type: "text/javascript"})));
        worker.onmessage = (m) => hear(m.data);
        worker.onerror = (e) => hear({error: e.message});
        post = (ask) => worker.postMessage(ask);
      } catch (error) {
        const scope = {postMessage: (m) => setTimeout(() => hear(m), 0)};
        mgrTryWorker(scope);
        post = (ask) => scope.onmessage({data: ask});
      }
      let last = Promise.resolve();
      const ask = (question) => last = last.catch(() => 0).then(() => new Promise((done, fail) => {
        waiting = (m) => m.error ? fail(new Plain("The network could not be run: " + m.error + ".")) : done(m);
        post(question);
      }));
      loaded[item.key] = {ask: ask, head: await ask({model: bytes})};
    }
    return loaded[item.key];
  }

  /* ---- sound ---- */

  function seconds(source) {
    return new Promise(function (done) {
      const probe = document.createElement("audio");
      const end = (value) => { probe.removeAttribute("src"); done(value); };
      probe.preload = "metadata";
      probe.onloadedmetadata = () => end(probe.duration);
      probe.onerror = () => end(NaN);
      setTimeout(() => end(NaN), 5000);
      probe.src = source;
    });
  }

  /* (N,) samples at a rate, the mean of all channels. */
  async function decoded(buffer, rate, name) {
    let sound;
    try { sound = await new OfflineAudioContext(1, 1, rate).decodeAudioData(buffer); }
    catch (error) {
      throw new Plain("“" + name + "” cannot be read as sound. It may be damaged, or no sound at all in spite of its name. Browsers read mp3, wav, m4a, ogg and flac.");
    }
    const y = sound.getChannelData(0).slice();
    for (let c = 1; c < sound.numberOfChannels; c++) {
      const other = sound.getChannelData(c);
      for (let i = 0; i < y.length; i++) y[i] += other[i];
    }
    if (sound.numberOfChannels > 1) for (let i = 0; i < y.length; i++) y[i] /= sound.numberOfChannels;
    if (!y.length) throw new Plain("“" + name + "” holds no sound.");
    for (let i = 0; i < y.length; i++) if (!Number.isFinite(y[i])) y[i] = 0;
    return y;
  }

  /* ---- from a sound to an answer ---- */

  /* The beginnings of windows, in samples: a quarter of a window apart, and more in long sounds. */
  function startsOf(n, width, hop) {
    const last = Math.max(0, n - width), step = Math.max(hop, Math.ceil(last / (MAX_WINDOWS - 1)) || 1), starts = [];
    for (let at = 0; at <= last; at += step) starts.push(at);
    if (starts[starts.length - 1] !== last) starts.push(last);
    return starts;
  }

  function remarks(y, rate, width, starts, hop) {
    const said = [], long = y.length / rate, window = width / rate;
    let peak = 0;
    for (let i = 0; i < y.length; i++) peak = Math.max(peak, Math.abs(y[i]));
    if (peak < SILENCE) said.push("There is nothing to hear in this sound: the result below is the network’s answer to silence and has no meaning.");
    if (y.length < width) said.push("It lasts " + clock(long) + ", and the network listens to " + window.toFixed(1) + " s at a time. The rest was filled with silence, which makes the answer less reliable.");
    if (starts.length > 1 && starts[1] - starts[0] > hop) said.push("It lasts " + clock(long) + ", so the network listened at " + starts.length + " places, " + clock((starts[1] - starts[0]) / rate) + " apart" + (starts[1] - starts[0] > width ? ", and did not hear the parts between them." : "."));
    return said;
  }

  async function listen(blob, name) {
    const mine = ++turn, chosen = model;
    progress(null);
    outcome.hidden = true;
    if (blob.size > MAX_BYTES) throw new Plain("“" + name + "” has " + Math.round(blob.size / 1e6) + " MB. This page takes files of up to " + MAX_BYTES / 1e6 + " MB.");
    const source = URL.createObjectURL(blob), long = await seconds(source);
    if (long > 60 * MAX_MINUTES) throw new Plain("“" + name + "” lasts " + clock(long) + ". This page takes up to " + MAX_MINUTES + " minutes: cut a piece out of it.");
    const net = await network(chosen);
    if (mine !== turn) return;
    say("Reading “" + name + "” …");
    const rate = net.head.about.sample_rate, width = net.head.about.n_samples, hop = Math.round(width / 4);
    const y = await decoded(await blob.arrayBuffer(), rate, name), starts = startsOf(y.length, width, hop);
    const found = {name: name, genres: net.head.about.genres, tags: net.head.about.tags, rate: rate, width: width, seconds: y.length / rate,
      starts: starts.map((s) => s / rate), probs: [], tagged: [], pictures: [], model: chosen, remarks: remarks(y, rate, width, starts, hop)};
    for (let i = 0; i < starts.length; i++) {
      if (mine !== turn) return;
      if (i % 5 === 0) say("Listening to “" + name + "”: window " + (i + 1) + " of " + starts.length + " …");
      progress(i / starts.length);
      const waveform = new Float32Array(width);
      waveform.set(y.subarray(starts[i], starts[i] + width));
      const results = (await net.ask({waveform: waveform, picture: true})).results, at = net.head.outputs.indexOf("tags");
      found.probs.push([...results[0].data]);
      if (at >= 0) found.tagged.push([...results[at].data]);
      found.pictures.push(coarse(results[results.length - 1]));
    }
    progress(null);
    if (mine !== turn) return;
    if (address) URL.revokeObjectURL(address);
    audio.src = address = source;
    audio.setAttribute("aria-label", name + ", the sound that was listened to");
    show(found);
  }

  /* A picture in 256 steps, which saves memory for long sounds. */
  function coarse(x) {
    const dims = x.dims.slice(1);
    while (dims.length > 2) dims.shift();
    if (dims.length < 2) return null;
    const [rows, columns] = dims, cells = new Uint8Array(rows * columns);
    let low = Infinity, high = -Infinity;
    for (let i = 0; i < cells.length; i++) { low = Math.min(low, x.data[i]); high = Math.max(high, x.data[i]); }
    for (let i = 0; i < cells.length; i++) cells[i] = Math.round(255 * (x.data[i] - low) / (high - low || 1));
    return {rows: rows, columns: columns, cells: cells};
  }

  const mean = (rows) => rows[0].map((_, k) => rows.reduce((sum, row) => sum + row[k], 0) / rows.length);
  const order = (values) => values.map((_, k) => k).sort((a, b) => values[b] - values[a] || a - b);

  /* ---- showing it ---- */

  function element(name, attributes, ...children) {
    const svg = ["svg", "g", "line", "path", "text", "rect", "circle"].includes(name);
    const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function show(found) {
    answer = found;
    found.overall = mean(found.probs);
    found.styles = styles(found.genres);
    found.middles = found.starts.map((s) => Math.min(s + found.width / found.rate / 2, found.seconds));
    const best = order(found.overall), n = found.probs.length, windows = n === 1 ? "one window" : "the mean of " + n + " windows";
    const words = "Overall: " + found.genres[best[0]] + ", " + percent(found.overall[best[0]]) + (found.overall[best[1]] < 0.005 ? "." : ", then " + found.genres[best[1]] + ", " + percent(found.overall[best[1]]) + ".");
    part("answer").replaceChildren(element("strong", {}, found.genres[best[0]]), " " + percent(found.overall[best[0]]) + ", in " + windows + " of “" + found.name + "”");
    part("remarks").replaceChildren(...found.remarks.map((text) => element("p", {}, text)));
    part("worth").textContent = found.model.worth;
    part("bars").replaceChildren(...bars(best.slice(0, 5), found.genres, found.overall));
    const tagged = found.tagged.length > 0, tags = tagged ? mean(found.tagged) : [];
    part("tags").hidden = !tagged;
    if (tagged) part("tagbars").replaceChildren(...bars(order(tags).slice(0, 8), found.tags, tags));
    numbers(found);
    outcome.hidden = false;
    plot();
    follow(true);
    say([words, ...found.remarks].join(" "));
    root.dispatchEvent(new CustomEvent("mgr-answer", {detail: {starts: found.starts, probs: found.probs, tags: found.tagged, overall: found.overall, genres: found.genres}}));
  }

  /* A color for each genre, as in the book's figures; other classes take the remaining colors. */
  function styles(genres) {
    const spare = Object.keys(options.colors).filter((name) => !genres.includes(name)).map((name) => options.colors[name]);
    let next = 0;
    const rest = spare.length ? spare : Object.values(options.colors);
    return genres.map((name) => options.colors[name] || rest[next++ % rest.length]);
  }

  function bars(ranks, names, values) {
    return ranks.map(function (k) {
      const line = element("span", {class: "mgr-bar", "aria-hidden": "true"});
      const fill = element("span", {});
      fill.style.width = 100 * values[k] + "%";
      line.append(fill);
      return element("tr", {}, element("th", {scope: "row"}, names[k]), element("td", {}, line), element("td", {}, percent(values[k])));
    });
  }

  function numbers(found) {
    const head = element("tr", {}, element("th", {scope: "col"}, "from"), ...found.genres.map((g) => element("th", {scope: "col"}, g)));
    const rows = found.probs.map((row, i) => element("tr", {}, element("th", {scope: "row"}, found.starts[i].toFixed(1) + " s"), ...row.map((p) => element("td", {}, p.toFixed(3)))));
    part("numbers").replaceChildren(element("thead", {}, head), element("tbody", {}, ...rows));
  }

  const frame = {left: 52, right: 84, top: 14, bottom: 40, height: 230};
  let cursor = null, scale = null;
  function plot() {
    if (!answer || outcome.hidden) return;
    const found = answer, holder = part("plot"), width = Math.max(280, holder.clientWidth), named = order(found.overall).filter((k, i) => i < 5 && (!i || found.probs.some((row) => row[k] > 0.02))), {left, right, top, bottom, height} = frame;
    const x = (s) => left + (width - left - right) * s / found.seconds, y = (p) => top + (height - top - bottom) * (1 - p);
    const summary = "Probability of " + found.genres.length + " genres over " + clock(found.seconds) + ". " + turns(found);
    const svg = element("svg", {viewBox: "0 0 " + width + " " + height, width: width, height: height, role: "img", "aria-label": summary});
    for (const p of [0, 0.5, 1]) svg.append(element("line", {x1: left, x2: width - right, y1: y(p), y2: y(p), class: "mgr-grid"}), element("text", {x: left - 6, y: y(p) + 4, "text-anchor": "end"}, p * 100 + " %"));
    const step = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600].find((s) => found.seconds / s <= (width < 500 ? 5 : 9)) || 600;
    for (let s = 0; s <= found.seconds; s += step) svg.append(element("line", {x1: x(s), x2: x(s), y1: y(0), y2: y(0) + 5, class: "mgr-tick"}), element("text", {x: x(s), y: y(0) + 18, "text-anchor": "middle"}, step < 60 ? s : s / 60));
    svg.append(element("text", {x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle"}, step < 60 ? "time (s)" : "time (min)"));
    const points = (k) => found.middles.map((s, i) => [x(s), y(found.probs[i][k])]);
    const whole = (list) => found.probs.length === 1 ? [[left, list[0][1]], [width - right, list[0][1]]] : [[left, list[0][1]], ...list, [width - right, list[list.length - 1][1]]];
    for (const k of [...order(found.overall)].reverse()) {
      const list = points(k), main = named.includes(k), color = main ? found.styles[k] : "#c9ced4";
      svg.append(element("path", {d: "M" + whole(list).map((p) => p.map((v) => v.toFixed(1)).join(" ")).join("L"), fill: "none", stroke: color, "stroke-width": main ? 2 : 1}));
      if (main && list.length < 40) list.forEach((p) => svg.append(element("circle", {cx: p[0], cy: p[1], r: 2.6, fill: color})));
    }
    const places = named.map((k) => ({k: k, y: y(found.probs[found.probs.length - 1][k])})).sort((a, b) => a.y - b.y);
    places.forEach((p, i) => { if (i) p.y = Math.max(p.y, places[i - 1].y + 15); });
    for (let i = places.length - 1; i >= 0; i--) places[i].y = Math.min(places[i].y, i + 1 < places.length ? places[i + 1].y - 15 : y(0));
    for (const p of places) svg.append(element("text", {x: width - right + 6, y: p.y + 4, fill: found.styles[p.k], class: "mgr-name"}, found.genres[p.k]));
    cursor = element("line", {y1: top - 6, y2: height - bottom, class: "mgr-cursor"});
    svg.append(cursor);
    svg.addEventListener("click", function (event) {
      const box = svg.getBoundingClientRect(), s = ((event.clientX - box.left) * width / box.width - left) / (width - left - right) * found.seconds;
      audio.currentTime = Math.min(Math.max(s, 0), found.seconds);
    });
    scale = x;
    holder.replaceChildren(svg);
    follow(true);
  }

  /* The course of the most probable genre in words. */
  function turns(found) {
    const pieces = [];
    found.probs.forEach(function (row, i) {
      const best = found.genres[order(row)[0]];
      if (!pieces.length || pieces[pieces.length - 1][0] !== best) pieces.push([best, found.starts[i]]);
    });
    const listed = pieces.slice(0, 8).map(([genre, s], i) => (i ? "from " + clock(s) + " " : "") + genre).join(", ");
    return "Most probable: " + listed + (pieces.length > 8 ? ", and so on." : ".");
  }

  /* Move the cursor, the text below it and the picture to the current time of the sound. */
  let drawn = -1;
  function follow(always) {
    if (!answer || !cursor) return;
    const s = Math.min(audio.currentTime || 0, answer.seconds), at = scale(s);
    cursor.setAttribute("x1", at); cursor.setAttribute("x2", at);
    let nearest = 0;
    answer.middles.forEach((m, i) => { if (Math.abs(m - s) < Math.abs(answer.middles[nearest] - s)) nearest = i; });
    const row = answer.probs[nearest];
    part("now").textContent = "At " + clock(s) + ": " + order(row).slice(0, 3).map((k) => answer.genres[k] + " " + percent(row[k])).join(", ");
    if (always || nearest !== drawn) { drawn = nearest; picture(nearest); }
  }
  function tick() { follow(false); if (!audio.paused) requestAnimationFrame(tick); }

  function picture(i) {
    const cells = answer.pictures[i], canvas = part("picture"), figure = canvas.closest("figure");
    figure.hidden = !cells;
    if (!cells) return;
    canvas.width = cells.columns; canvas.height = cells.rows;
    const brush = canvas.getContext("2d"), image = brush.createImageData(cells.columns, cells.rows);
    for (let r = 0; r < cells.rows; r++) for (let c = 0; c < cells.columns; c++) {
      const at = 4 * ((cells.rows - 1 - r) * cells.columns + c), color = 6 * cells.cells[r * cells.columns + c];
      for (let k = 0; k < 3; k++) image.data[at + k] = parseInt(options.map.slice(color + 2 * k, color + 2 * k + 2), 16);
      image.data[at + 3] = 255;
    }
    brush.putImageData(image, 0, 0);
    const from = answer.starts[i], to = from + answer.width / answer.rate;
    const words = "Input of the network from " + clock(from) + " to " + clock(to) + ": " + cells.rows + " rows, low to high, by " + cells.columns + " frames";
    canvas.setAttribute("aria-label", words);
    part("caption").textContent = words + ". Brighter means louder, in the scale with which the network was trained.";
  }

  /* ---- controls ---- */

  function attempt(action) {
    return async function (...given) {
      try { await action(...given); }
      catch (error) {
        progress(null);
        say(error instanceof Plain ? error.message : "An unexpected error occurred: " + (error && error.message || error) + ".");
        if (!(error instanceof Plain)) console.warn(error);
      }
    };
  }

  let lastSound = null;
  const take = attempt(async function (blob, name) { lastSound = [blob, name]; await listen(blob, name); });

  function missing() {
    if (typeof OfflineAudioContext === "undefined") return "This browser cannot decode sound (it lacks Web Audio), so the models cannot be tried here. Use a current Chrome, Edge, Firefox or Safari.";
    if (typeof DecompressionStream === "undefined" || typeof BigInt64Array === "undefined") return "This browser is too old to run the models. Use Chrome or Edge 80, Firefox 113, Safari 16.4, or a newer version.";
    return "";
  }

  const cannot = missing();
  if (cannot) { say(cannot); root.querySelectorAll("button, input, select").forEach((c) => { c.disabled = true; }); return; }

  root.querySelectorAll("input[data-part='model']").forEach(function (choice) {
    choice.addEventListener("change", function () {
      model = options.models.find((m) => m.key === choice.value);
      root.querySelectorAll("[data-card]").forEach((card) => { card.hidden = card.dataset.card !== model.key; });
      if (lastSound) take(...lastSound);
    });
  });
  const file = part("file");
  file.addEventListener("change", () => { if (file.files[0]) take(file.files[0], file.files[0].name); file.value = ""; });
  part("choose").addEventListener("click", () => file.click());
  const clips = part("clip");
  if (clips) part("take").addEventListener("click", attempt(async function () {
    const clip = options.clips[clips.selectedIndex];
    await take(new Blob([await bytesOf(clip, "the clip")], {type: "audio/mpeg"}), clip.title);
  }));

  root.addEventListener("dragover", (event) => { event.preventDefault(); root.classList.add("mgr-over"); });
  root.addEventListener("dragleave", () => root.classList.remove("mgr-over"));
  root.addEventListener("drop", function (event) {
    event.preventDefault();
    root.classList.remove("mgr-over");
    const dropped = event.dataTransfer.files;
    if (dropped.length) take(dropped[0], dropped[0].name);
    else say("This is not a file. Drop a sound file from your computer here.");
  });

  const record = part("record"), label = record.textContent;
  const REFUSALS = {NotAllowedError: "The browser did not allow this page to use the microphone. Allow it in the address bar and try again, or choose a file instead.",
    NotFoundError: "No microphone was found. Connect one, or choose a file instead.",
    NotReadableError: "The microphone is in use by another program. Close it, or choose a file instead."};
  record.addEventListener("click", attempt(async function () {
    if (recorder) { recorder.stop(); return; }
    if (!navigator.mediaDevices || typeof MediaRecorder === "undefined") throw new Plain("This browser cannot record on this page. Choose a file instead.");
    let stream;
    say("The browser will ask whether this page may use the microphone.");
    try { stream = await navigator.mediaDevices.getUserMedia({audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false}}); }
    catch (error) { throw new Plain(REFUSALS[error.name] || "The microphone could not be used (" + error.name + "). Choose a file instead."); }
    const parts = [];
    recorder = new MediaRecorder(stream);
    recorder.ondataavailable = (event) => parts.push(event.data);
    recorder.onstop = function () {
      stream.getTracks().forEach((track) => track.stop());
      record.textContent = label;
      record.setAttribute("aria-pressed", "false");
      clearTimeout(timer);
      const blob = new Blob(parts, {type: recorder.mimeType});
      recorder = null;
      take(blob, "your recording");
    };
    recorder.start();
    const timer = setTimeout(() => recorder && recorder.stop(), 1000 * RECORD_SECONDS);
    record.textContent = "Stop recording";
    record.setAttribute("aria-pressed", "true");
    say("Recording, " + RECORD_SECONDS + " s at most. Press the button again to stop.");
  }));

  audio.addEventListener("play", tick);
  for (const event of ["seeked", "pause", "timeupdate"]) audio.addEventListener(event, () => follow(false));
  let wide = 0;
  if (typeof ResizeObserver !== "undefined") new ResizeObserver(function () {
    const now = part("plot").clientWidth;
    if (now && now !== wide) { wide = now; plot(); }
  }).observe(part("plot"));
}
