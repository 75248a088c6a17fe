/* Run the ONNX files of `mgrlib export` in a browser, without a network and without any library.

   `mgrOnnx(bytes)` reads a file and returns {about, run(waveform, names)}. It implements
   the operations of exported recipes, as defined in operation set 18, and raises an error for others.
   A small WebAssembly module, assembled below, computes the matrix products, which take most of the
   time; a browser without its vector instructions runs the same loop in JavaScript.

   A tensor is {dims, data, whole}: its numbers are float32, or float64 where the file says so; `whole`
   marks whole numbers and truth values, which are kept in float64 and are exact up to 2^53. */
const mgrOnnx = function (bytes) {
  "use strict";
  const ids = (list) => Int32Array.from(list);
  const product = (list) => list.reduce((a, b) => a * b, 1);
  const tensor = (dims, data, whole) => ({dims: dims, data: data, whole: !!whole});
  const floats = (dims) => tensor(dims, new Float32Array(product(dims)));
  const wholes = (list) => tensor([list.length], Float64Array.from(list), true);
  const like = (x, dims) => tensor(dims, new x.data.constructor(product(dims)), x.whole);

  /* ---- the file: protocol buffers ------------------------------------------------------------ */

  /* The fields of a message: number -> values, which are numbers or bytes. */
  function fields(part) {
    const found = {}, view = new DataView(part.buffer, part.byteOffset, part.byteLength);
    let at = 0;
    function varint() {
      let value = 0n, shift = 0n, byte;
      do { byte = part[at++]; value |= BigInt(byte & 127) << shift; shift += 7n; } while (byte & 128);
      return Number(BigInt.asIntN(64, value));
    }
    while (at < part.length) {
      const tag = varint(), kind = tag & 7, list = found[tag >>> 3] = found[tag >>> 3] || [];
      if (kind === 0) list.push(varint());
      else if (kind === 1) { list.push(view.getFloat64(at, true)); at += 8; }
      else if (kind === 5) { list.push(view.getFloat32(at, true)); at += 4; }
      else if (kind === 2) { const n = varint(); list.push(part.subarray(at, at + n)); at += n; }
      else throw new Error("this is not an ONNX file");
    }
    return found;
  }

  /* Repeated whole numbers, whether or not they are packed. */
  function integers(values) {
    const out = [];
    for (const value of values || []) {
      if (typeof value === "number") { out.push(value); continue; }
      for (let at = 0; at < value.length;) {
        let whole = 0n, shift = 0n, byte;
        do { byte = value[at++]; whole |= BigInt(byte & 127) << shift; shift += 7n; } while (byte & 128);
        out.push(Number(BigInt.asIntN(64, whole)));
      }
    }
    return out;
  }
  /* Repeated numbers of a fixed size, whether or not they are packed. */
  function fixed(values, Kind) {
    const out = [];
    for (const value of values || []) {
      if (typeof value === "number") out.push(value);
      else out.push(...new Kind(value.slice().buffer));
    }
    return out;
  }
  const text = (value) => value ? new TextDecoder().decode(value) : "";

  const KINDS = {1: Float32Array, 2: Uint8Array, 3: Int8Array, 6: Int32Array, 7: BigInt64Array, 9: Uint8Array, 11: Float64Array};
  function readTensor(part) {
    const f = fields(part), kind = f[2][0], dims = integers(f[1]), Kind = KINDS[kind];
    if (!Kind) throw new Error("the file holds numbers of a kind that this page cannot read (" + kind + ")");
    let values = f[9] ? new Kind(f[9][0].slice().buffer) : kind === 1 ? fixed(f[4], Float32Array)
      : kind === 11 ? fixed(f[10], Float64Array) : integers(kind === 7 ? f[7] : f[5]);
    if (kind === 1) return tensor(dims, Float32Array.from(values));
    return tensor(dims, Float64Array.from(values, Number), kind !== 11);
  }

  function readAttribute(part) {
    const f = fields(part), kind = f[20] ? f[20][0] : 0;
    const value = kind === 1 ? f[2][0] : kind === 2 ? (f[3] || [0])[0] : kind === 3 ? text(f[4] && f[4][0])
      : kind === 4 ? readTensor(f[5][0]) : kind === 6 ? fixed(f[7], Float32Array) : kind === 7 ? integers(f[8]) : undefined;
    return [text(f[1][0]), value];
  }

  function readNode(part) {
    const f = fields(part);
    return {inputs: (f[1] || []).map(text), outputs: (f[2] || []).map(text), op: text(f[4][0]),
      at: Object.fromEntries((f[5] || []).map(readAttribute))};
  }

  /* ---- matrix products ------------------------------------------------------------------------ */

  /* The product of A, packed in blocks of 4 rows (m/4, k, 4), and B, packed in blocks of 8 columns
     (n/8, k, 8), as C in rows of `stride` bytes: gemm(a, b, c, m/4, k, n/8, stride), all addresses. */
  function assembled() {
    const number = (n) => { const out = []; do { out.push(n & 127 | (n > 127 ? 128 : 0)); n >>>= 7; } while (n); return out; };
    const signed = (n) => { const out = []; for (;;) { const b = n & 127; n >>= 7; if (n === 0 && !(b & 64) || n === -1 && b & 64) return [...out, b]; out.push(b | 128); } };
    const list = (items) => [...number(items.length), ...items.flat()];
    const section = (id, items) => { const body = list(items); return [id, ...number(body.length), ...body]; };
    const name = (s) => list([...s].map((c) => [c.charCodeAt(0)]));
    const [A, B, C, M, K, N, STRIDE, I, P, AP, BP, CP, S, B0, B1, ACC] = [...Array(16).keys()];
    const get = (i) => [0x20, i], set = (i) => [0x21, i], int = (n) => [0x41, ...signed(n)];
    const vector = (op, ...rest) => [0xfd, ...number(op), ...rest];
    const load = (offset) => vector(0, 4, ...number(offset)), splat = (offset) => vector(9, 2, ...number(offset));
    const store = (offset) => vector(11, 4, ...number(offset)), zero = vector(12, ...Array(16).fill(0));
    const add = [0x6a], times = vector(230), plus = vector(228);
    const step = (i, ...by) => [...get(i), ...by, ...add, ...set(i)];
    const loop = (counter, body) => [0x03, 0x40, ...body, ...get(counter), ...int(-1), ...add, 0x22, counter, 0x0d, 0, 0x0b];
    const rows = [0, 1, 2, 3];
    const inner = [...get(BP), ...load(0), ...set(B0), ...get(BP), ...load(16), ...set(B1),
      ...rows.flatMap((r) => [...get(AP), ...splat(4 * r), ...set(S), ...[B0, B1].flatMap((b, half) =>
        [...get(S), ...get(b), ...times, ...get(ACC + 2 * r + half), ...plus, ...set(ACC + 2 * r + half)])]),
      ...step(AP, ...int(16)), ...step(BP, ...int(32))];
    const block = [...Array(8).keys()].flatMap((i) => [...zero, ...set(ACC + i)]).concat(
      [...get(B), ...set(BP), ...get(K), ...set(P), ...loop(P, inner)],
      rows.flatMap((r) => [...get(CP), ...get(ACC + 2 * r), ...store(0), ...get(CP), ...get(ACC + 2 * r + 1), ...store(16), ...step(CP, ...get(STRIDE))]));
    const panel = [...get(A), ...set(AP), ...get(C), ...set(CP), ...get(M), ...set(I), ...loop(I, block),
      ...get(BP), ...set(B), ...step(C, ...int(32))];
    const body = [...list([[5, 0x7f], [11, 0x7b]]), ...loop(N, panel), 0x0b];
    return new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
      ...section(1, [[0x60, ...list(Array(7).fill([0x7f])), 0]]),
      ...section(2, [[...name("e"), ...name("m"), 2, 0, 1]]), ...section(3, [[0]]),
      ...section(7, [[...name("gemm"), 0, 0]]), ...section(10, [[...number(body.length), ...body]])]);
  }

  const PAGE = 65536;
  let memory, heap, gemm, end = 1024, quick = true;
  try {
    memory = new WebAssembly.Memory({initial: 1});
    gemm = new WebAssembly.Instance(new WebAssembly.Module(assembled()), {e: {m: memory}}).exports.gemm;
    heap = new Float32Array(memory.buffer);
  } catch (error) {
    quick = false;
    heap = new Float32Array(PAGE);
    gemm = function (a, b, c, m, k, n, stride) {
      a /= 4; b /= 4; c /= 4; stride /= 4;
      const sums = new Float64Array(32);
      for (let j = 0; j < n; j++) for (let i = 0; i < m; i++) {
        sums.fill(0);
        for (let p = 0; p < k; p++) {
          const from = a + (i * k + p) * 4, to = b + (j * k + p) * 8;
          for (let r = 0; r < 4; r++) { const v = heap[from + r]; for (let q = 0; q < 8; q++) sums[8 * r + q] += v * heap[to + q]; }
        }
        for (let r = 0; r < 4; r++) for (let q = 0; q < 8; q++) heap[c + (4 * i + r) * stride + 8 * j + q] = sums[8 * r + q];
      }
    };
  }

  /* The address in bytes of new memory for numbers; memory is released by `end = mark`. */
  function room(count) {
    const address = end;
    end += 4 * (count + (4 - count % 4) % 4);
    if (end > 4 * heap.length) {
      if (quick) { memory.grow(Math.ceil((end - 4 * heap.length) / PAGE) + 64); heap = new Float32Array(memory.buffer); }
      else { const old = heap; heap = new Float32Array(Math.ceil(end / 4 * 1.5)); heap.set(old); }
    }
    return address;
  }

  /* A matrix in blocks of rows; element (i, p) is data[from + i * down + p * right]. */
  function packRows(data, from, m, k, down, right) {
    const address = room(Math.ceil(m / 4) * 4 * k), at = address / 4;
    for (let i = 0; i < m; i += 4) for (let r = 0; r < 4; r++) {
      let to = at + i * k + r, source = from + (i + r) * down;
      if (i + r < m) for (let p = 0; p < k; p++, to += 4, source += right) heap[to] = data[source];
      else for (let p = 0; p < k; p++, to += 4) heap[to] = 0;
    }
    return address;
  }

  function packColumns(data, from, k, n, down, right) {
    const address = room(Math.ceil(n / 8) * 8 * k);
    fillColumns(address, data, from, k, n, down, right);
    return address;
  }
  function fillColumns(address, data, from, k, n, down, right) {
    const at = address / 4;
    for (let j = 0; j < n; j += 8) {
      const width = Math.min(8, n - j);
      for (let p = 0; p < k; p++) {
        const to = at + j * k + 8 * p, source = from + p * down + j * right;
        for (let q = 0; q < width; q++) heap[to + q] = data[source + q * right];
        for (let q = width; q < 8; q++) heap[to + q] = 0;
      }
    }
  }

  const packed = new Map();  // packed weights, which do not change
  let constant = new Set();
  function once(key, data, pack) {
    if (!constant.has(data)) return pack();
    if (!packed.has(data)) packed.set(data, {});
    const kept = packed.get(data);
    if (!(key in kept)) { kept[key] = pack(); }
    return kept[key];
  }

  const CHUNK = 2048;  // columns that are computed at a time
  /* One product with C (m, n) written by `put(row, address, column, width)`; `columns(address, j, width)`
     fills the packed columns from j on. */
  function multiply(a, m, k, n, columns, put) {
    const mark = end, wide = Math.min(CHUNK, Math.ceil(n / 8) * 8), tall = Math.ceil(m / 4);
    const b = room(wide * k), c = room(wide * tall * 4);
    for (let j = 0; j < n; j += wide) {
      const width = Math.min(wide, n - j);
      columns(b, j, width);
      gemm(a, b, c, tall, k, Math.ceil(width / 8), 4 * wide);
      for (let i = 0; i < m; i++) put(i, c / 4 + i * wide, j, width);
    }
    end = mark;
  }

  function matmul(x, y) {
    if (x.dims.length === 1 || y.dims.length === 1) throw new Error("a product with a vector");
    const [m, k] = x.dims.slice(-2), n = y.dims[y.dims.length - 1];
    const outer = broadcast(x.dims.slice(0, -2), y.dims.slice(0, -2)), out = floats([...outer, m, n]);
    const mark = end;
    if (y.dims.length === 2) {  // one matrix for the whole batch: pack its columns once
      const rows = product(outer) * m, b = once("columns", y.data, () => packColumns(y.data, 0, k, n, n, 1));
      const wide = Math.ceil(n / 8) * 8;
      const first = end;
      for (let i = 0; i < rows; i += CHUNK) {
        const tall = Math.min(CHUNK, rows - i), a = packRows(x.data, i * k, tall, k, k, 1), c = room(wide * Math.ceil(tall / 4) * 4);
        gemm(a, b, c, Math.ceil(tall / 4), k, wide / 8, 4 * wide);
        for (let r = 0; r < tall; r++) out.data.set(heap.subarray(c / 4 + r * wide, c / 4 + r * wide + n), (i + r) * n);
        end = first;
      }
      if (!constant.has(y.data)) end = mark;
      return out;
    }
    const sx = strides(x.dims.slice(0, -2), outer), sy = strides(y.dims.slice(0, -2), outer);
    const shared = x.dims.length === 2 ? once("rows", x.data, () => packRows(x.data, 0, m, k, k, 1)) : 0;
    const first = end;
    each(outer, [sx, sy], function (o, from) {
      const a = shared || packRows(x.data, from[0] * m * k, m, k, k, 1);
      multiply(a, m, k, n, (b, j, width) => fillColumns(b, y.data, from[1] * k * n + j, k, width, n, 1),
        (i, at, j, width) => out.data.set(heap.subarray(at, at + width), (o * m + i) * n + j));
      end = first;
    });
    if (!constant.has(x.data)) end = mark;
    return out;
  }

  /* ---- shapes -------------------------------------------------------------------------------- */

  function broadcast(a, b) {
    const n = Math.max(a.length, b.length), out = [];
    for (let i = 1; i <= n; i++) {
      const p = i > a.length ? 1 : a[a.length - i], q = i > b.length ? 1 : b[b.length - i];
      if (p !== q && p !== 1 && q !== 1) throw new Error("shapes that do not fit: " + a + " and " + b);
      out.unshift(p === 1 ? q : p);
    }
    return out;
  }
  /* Steps through data of shape `dims` along each axis of `out`; 0 where it is repeated. */
  function strides(dims, out) {
    const steps = new Array(out.length).fill(0);
    for (let i = dims.length - 1, step = 1; i >= 0; step *= dims[i], i--) {
      if (dims[i] !== 1) steps[out.length - dims.length + i] = step;
    }
    return steps;
  }
  /* For each index of `dims` in order: visit(number, [offset by each of the steps]). */
  function each(dims, steps, visit) {
    const index = new Array(dims.length).fill(0), from = steps.map(() => 0), total = product(dims);
    for (let number = 0; number < total; number++) {
      visit(number, from);
      for (let d = dims.length - 1; d >= 0; d--) {
        index[d]++;
        for (let s = 0; s < steps.length; s++) from[s] += steps[s][d];
        if (index[d] < dims[d]) break;
        for (let s = 0; s < steps.length; s++) from[s] -= steps[s][d] * dims[d];
        index[d] = 0;
      }
    }
  }

  /* out[i...] = x at maps[0][i], maps[1][j], ...; -1 gives the fill. */
  function pick(x, maps, fill) {
    const dims = maps.map((m) => m.length), out = like(x, dims);
    if (!dims.length) { out.data[0] = x.data[0]; return out; }
    const last = maps[maps.length - 1], n = last.length, steps = strides(x.dims, x.dims).map((s, d) => x.dims[d] === 1 ? 0 : s);
    let runs = n > 0 && last[0] >= 0;
    for (let i = 1; runs && i < n; i++) runs = last[i] === last[0] + i;
    const outer = dims.slice(0, -1), index = outer.map(() => 0), total = product(outer);
    for (let o = 0, to = 0; o < total; o++, to += n) {
      let from = 0, outside = false;
      for (let d = 0; d < outer.length; d++) { const i = maps[d][index[d]]; if (i < 0) outside = true; from += i * steps[d]; }
      if (outside) out.data.fill(fill || 0, to, to + n);
      else if (runs) out.data.set(x.data.subarray(from + last[0], from + last[0] + n), to);
      else for (let i = 0; i < n; i++) out.data[to + i] = last[i] < 0 ? fill || 0 : x.data[from + last[i]];
      for (let d = outer.length - 1; d >= 0; d--) { if (++index[d] < outer[d]) break; index[d] = 0; }
    }
    return out;
  }
  const all = (n) => indices(n, (i) => i);
  function indices(n, place) {
    const out = new Int32Array(n);
    for (let i = 0; i < n; i++) out[i] = place(i);
    return out;
  }
  const axisOf = (axis, rank) => axis < 0 ? axis + rank : axis;

  /* ---- operations on each number -------------------------------------------------------------- */

  const pairs = {
    Add: (o, k, a, i, s, b, j, t, n) => { for (let e = k + n; k < e; k++, i += s, j += t) o[k] = a[i] + b[j]; },
    Sub: (o, k, a, i, s, b, j, t, n) => { for (let e = k + n; k < e; k++, i += s, j += t) o[k] = a[i] - b[j]; },
    Mul: (o, k, a, i, s, b, j, t, n) => { for (let e = k + n; k < e; k++, i += s, j += t) o[k] = a[i] * b[j]; },
    Div: (o, k, a, i, s, b, j, t, n) => { for (let e = k + n; k < e; k++, i += s, j += t) o[k] = a[i] / b[j]; },
    Min: (o, k, a, i, s, b, j, t, n) => { for (let e = k + n; k < e; k++, i += s, j += t) o[k] = a[i] < b[j] ? a[i] : b[j]; },
    Max: (o, k, a, i, s, b, j, t, n) => { for (let e = k + n; k < e; k++, i += s, j += t) o[k] = a[i] > b[j] ? a[i] : b[j]; },
    Pow: (o, k, a, i, s, b, j, t, n) => { for (let e = k + n; k < e; k++, i += s, j += t) o[k] = Math.pow(a[i], b[j]); },
    Greater: (o, k, a, i, s, b, j, t, n) => { for (let e = k + n; k < e; k++, i += s, j += t) o[k] = a[i] > b[j] ? 1 : 0; },
    Less: (o, k, a, i, s, b, j, t, n) => { for (let e = k + n; k < e; k++, i += s, j += t) o[k] = a[i] < b[j] ? 1 : 0; },
    Equal: (o, k, a, i, s, b, j, t, n) => { for (let e = k + n; k < e; k++, i += s, j += t) o[k] = a[i] === b[j] ? 1 : 0; },
  };
  const TRUTH = new Set(["Greater", "Less", "Equal"]);
  function pairwise(op, x, y) {
    const dims = broadcast(x.dims, y.dims), truth = TRUTH.has(op), whole = truth || x.whole && y.whole;
    const Kind = whole || x.data instanceof Float64Array && !x.whole || y.data instanceof Float64Array && !y.whole ? Float64Array : Float32Array;
    const out = tensor(dims, new Kind(product(dims)), whole);
    const sx = strides(x.dims, dims), sy = strides(y.dims, dims);
    let n = 1, d = dims.length, stepX = 0, stepY = 0;  // the longest run in which both step evenly
    while (d > 0 && (n === 1 || sx[d - 1] === stepX * n && sy[d - 1] === stepY * n || dims[d - 1] === 1)) {
      d--;
      if (n === 1 && dims[d] > 1) { stepX = sx[d]; stepY = sy[d]; }
      n *= dims[d];
    }
    each(dims.slice(0, d), [sx.slice(0, d), sy.slice(0, d)], (number, from) =>
      pairs[op](out.data, number * n, x.data, from[0], stepX, y.data, from[1], stepY, n));
    if (op === "Div" && whole) out.data.forEach((v, i) => { out.data[i] = Math.trunc(v); });
    return out;
  }
  function mapped(x, change) {
    const out = like(x, x.dims), a = x.data, o = out.data;
    for (let i = 0; i < a.length; i++) o[i] = change(a[i]);
    return out;
  }
  const logistic = (v) => 1 / (1 + Math.exp(-v));

  /* ---- convolutions and poolings: one axis (B, C, T) is (B, C, 1, T) -------------------------------- */

  function windows(x, at, kernel) {
    const flat = x.dims.length === 3, two = (list, fill) => flat ? [fill, ...(list || [fill])] : list || [fill, fill];
    const [h, w] = flat ? [1, x.dims[2]] : x.dims.slice(2), [kh, kw] = kernel;
    const [sh, sw] = two(at.strides, 1), [dh, dw] = two(at.dilations, 1), pads = at.pads || [];
    if (at.auto_pad && !["NOTSET", "VALID"].includes(at.auto_pad)) throw new Error("auto_pad " + at.auto_pad);
    const [top, left, bottom, right] = flat ? [0, pads[0] || 0, 0, pads[1] || 0] : pads.length ? pads : [0, 0, 0, 0];
    const round = at.ceil_mode ? Math.ceil : Math.floor;
    const count = (n, before, after, k, d, s) => {
      let many = round((n + before + after - d * (k - 1) - 1) / s) + 1;
      if (at.ceil_mode && (many - 1) * s >= n + before) many--;  // no window begins in the padding
      return many;
    };
    const oh = count(h, top, bottom, kh, dh, sh), ow = count(w, left, right, kw, dw, sw);
    return {h: h, w: w, kh: kh, kw: kw, sh: sh, sw: sw, dh: dh, dw: dw, top: top, left: left, oh: oh, ow: ow,
      size: flat ? [ow] : [oh, ow]};
  }

  function conv(x, weight, bias, at) {
    const [B, C] = x.dims, M = weight.dims[0], groups = at.group || 1, c = C / groups, m = M / groups;
    const kernel = weight.dims.length === 3 ? [1, weight.dims[2]] : weight.dims.slice(2), g = windows(x, at, kernel);
    const k = c * g.kh * g.kw, n = g.oh * g.ow, out = floats([B, M, ...g.size]), mark = end;
    for (let group = 0; group < groups; group++) {
      const a = once("rows" + group, weight.data, () => packRows(weight.data, group * m * k, m, k, k, 1)), first = end;
      for (let item = 0; item < B; item++) {
        const base = (item * C + group * c) * g.h * g.w;
        multiply(a, m, k, n, (b, j, width) => unfold(b, x.data, base, c, g, j, width), function (i, from, j, width) {
          const to = (item * M + group * m + i) * n + j, offset = bias ? bias.data[group * m + i] : 0;
          for (let q = 0; q < width; q++) out.data[to + q] = heap[from + q] + offset;
        });
      }
      end = first;
    }
    if (!constant.has(weight.data)) end = mark;
    return out;
  }

  /* The input of the kernel at positions j to j + width, as packed columns. */
  function unfold(address, data, base, c, g, j, width) {
    const k = c * g.kh * g.kw, at = address / 4;
    for (let block = 0; block < width; block += 8) for (let q = 0; q < 8; q++) {
      const position = j + block + q, inside = block + q < width;
      const y0 = Math.floor(position / g.ow) * g.sh - g.top, x0 = position % g.ow * g.sw - g.left;
      let to = at + block * k + q;
      for (let channel = 0; channel < c; channel++) for (let u = 0; u < g.kh; u++) {
        const y = y0 + u * g.dh, row = base + (channel * g.h + y) * g.w, seen = inside && y >= 0 && y < g.h;
        for (let v = 0; v < g.kw; v++, to += 8) {
          const x = x0 + v * g.dw;
          heap[to] = seen && x >= 0 && x < g.w ? data[row + x] : 0;
        }
      }
    }
  }

  function pool(x, at, mean) {
    const kernel = x.dims.length === 3 ? [1, at.kernel_shape[0]] : at.kernel_shape, g = windows(x, at, kernel);
    const maps = x.dims[0] * x.dims[1], out = floats([x.dims[0], x.dims[1], ...g.size]);
    for (let map = 0, to = 0; map < maps; map++) {
      const base = map * g.h * g.w;
      for (let i = 0; i < g.oh; i++) for (let j = 0; j < g.ow; j++, to++) {
        let most = -Infinity, sum = 0, count = 0;
        for (let u = 0; u < g.kh; u++) {
          const y = i * g.sh - g.top + u * g.dh;
          if (y < 0 || y >= g.h) continue;
          for (let v = 0; v < g.kw; v++) {
            const xx = j * g.sw - g.left + v * g.dw;
            if (xx < 0 || xx >= g.w) continue;
            const value = x.data[base + y * g.w + xx];
            if (value > most) most = value;
            sum += value; count++;
          }
        }
        out.data[to] = mean ? sum / (at.count_include_pad ? g.kh * g.kw : count) : most;
      }
    }
    return out;
  }

  /* ---- recurrent layers ----------------------------------------------------------------------- */

  /* X (T, B, D) times W' (G, D) of one direction, with both biases where they may be added at once. */
  function gates(x, w, direction) {
    const [, G, D] = w.dims, part = tensor([D, G], new Float32Array(D * G)), from = direction * G * D;
    for (let g = 0; g < G; g++) for (let d = 0; d < D; d++) part.data[d * G + g] = w.data[from + g * D + d];
    return matmul(x, part).data;
  }

  function recurrent(inputs, at, n, step) {
    const [x, w, r, b, , h0, c0] = inputs, [T, B] = x.dims, H = at.hidden_size, G = n * H;
    const ways = at.direction === "bidirectional" ? 2 : 1, out = floats([T, ways, B, H]), last = floats([ways, B, H]);
    const cell = floats([ways, B, H]);
    if (h0) last.data.set(h0.data);
    if (c0) cell.data.set(c0.data);
    for (let way = 0; way < ways; way++) {
      const back = way === 1 || at.direction === "reverse", xw = gates(x, w, way), rec = new Float64Array(G);
      const R = r.data.subarray(way * G * H, (way + 1) * G * H), bias = b ? b.data.subarray(way * 2 * G, (way + 1) * 2 * G) : new Float32Array(2 * G);
      const product_ = (h, from, to) => {
        for (let g = from; g < to; g++) { let sum = 0; for (let d = 0; d < H; d++) sum += R[g * H + d] * h[d]; rec[g] = sum; }
      };
      for (let item = 0; item < B; item++) {
        const at0 = (way * B + item) * H, h = last.data.subarray(at0, at0 + H), c = cell.data.subarray(at0, at0 + H);
        for (let i = 0; i < T; i++) {
          const t = back ? T - 1 - i : i;
          step(xw.subarray((t * B + item) * G, (t * B + item + 1) * G), bias, h, c, product_, rec, H);
          out.data.set(h, ((t * ways + way) * B + item) * H);
        }
      }
    }
    return [out, last, cell];
  }
  function lstmStep(x, bias, h, c, multiplied, rec, H) {  // gates in the order input, output, forget, cell
    const G = 4 * H;
    multiplied(h, 0, G);
    const sum = (g) => x[g] + rec[g] + bias[g] + bias[G + g];
    for (let i = 0; i < H; i++) {
      c[i] = logistic(sum(2 * H + i)) * c[i] + logistic(sum(i)) * Math.tanh(sum(3 * H + i));
      h[i] = logistic(sum(H + i)) * Math.tanh(c[i]);
    }
  }
  const gruStep = (resetLater) => function (x, bias, h, c, multiplied, rec, H) {  // update, reset, candidate
    const G = 3 * H, z = new Float64Array(H), kept = Float64Array.from(h);
    multiplied(h, 0, resetLater ? G : 2 * H);
    const reset = Float64Array.from({length: H}, (_, i) => logistic(x[H + i] + rec[H + i] + bias[H + i] + bias[G + H + i]));
    if (!resetLater) multiplied(kept.map((v, i) => v * reset[i]), 2 * H, G);
    for (let i = 0; i < H; i++) {
      z[i] = logistic(x[i] + rec[i] + bias[i] + bias[G + i]);
      const g = 2 * H + i, past = rec[g] + bias[G + g];
      const candidate = Math.tanh(x[g] + bias[g] + (resetLater ? reset[i] * past : past));
      h[i] = (1 - z[i]) * candidate + z[i] * kept[i];
    }
  };

  /* ---- the operations by name ------------------------------------------------------------------- */

  function axesOf(input, at, rank) {
    const listed = input ? [...input.data] : at.axes;
    return (listed && listed.length ? listed : [...all(rank)]).map((a) => axisOf(a, rank));
  }
  function reduce(x, axes, at, start, join, finish) {
    const keep = at.keepdims === undefined || at.keepdims, gone = new Set(axes);
    const full = x.dims.map((n, d) => gone.has(d) ? 1 : n), sums = new Float64Array(product(full)).fill(start);
    const steps = strides(full, x.dims);
    each(x.dims, [steps], (i, from) => { sums[from[0]] = join(sums[from[0]], x.data[i]); });
    const n = product(axes.map((d) => x.dims[d])), out = like(x, keep ? full : x.dims.filter((_, d) => !gone.has(d)));
    for (let i = 0; i < sums.length; i++) out.data[i] = finish(sums[i], n);
    return out;
  }
  function reshape(x, shape) {
    const dims = shape.map((n, d) => n === 0 ? x.dims[d] : n), unknown = dims.indexOf(-1);
    if (unknown >= 0) dims[unknown] = x.data.length / -product(dims);
    return tensor(dims, x.data, x.whole);
  }
  function transpose(x, perm) {
    const rank = x.dims.length, order = perm || [...all(rank)].reverse(), dims = order.map((d) => x.dims[d]);
    const full = new Array(rank), out = like(x, dims);
    for (let d = rank - 1, step = 1; d >= 0; step *= x.dims[d], d--) full[d] = step;
    const steps = order.map((d) => full[d]), n = dims[rank - 1], right = steps[rank - 1];
    each(dims.slice(0, -1), [steps.slice(0, -1)], (number, from) => {
      for (let i = 0, to = number * n, at = from[0]; i < n; i++, at += right) out.data[to + i] = x.data[at];
    });
    return out;
  }
  function slice(x, starts, ends, axes, steps) {
    const maps = x.dims.map(all);
    starts.forEach(function (start, i) {
      const d = axisOf(axes ? axes[i] : i, x.dims.length), n = x.dims[d], step = steps ? steps[i] : 1;
      const limit = (v, low, high) => Math.min(Math.max(v < 0 ? v + n : v, low), high);
      const from = step > 0 ? limit(start, 0, n) : limit(start, 0, n - 1), to = step > 0 ? limit(ends[i], 0, n) : limit(ends[i], -1, n - 1);
      maps[d] = indices(Math.max(0, Math.ceil((to - from) / step)), (j) => from + j * step);
    });
    return pick(x, maps);
  }
  function pad(x, pads, mode, fill, axes) {
    const rank = x.dims.length, along = axes || [...all(rank)], maps = x.dims.map(all);
    along.forEach(function (axis, i) {
      const d = axisOf(axis, rank), n = x.dims[d], before = pads[i];
      const place = (j) => j >= 0 && j < n ? j : mode === "reflect" ? (j < 0 ? -j : 2 * (n - 1) - j) : mode === "edge" ? (j < 0 ? 0 : n - 1) : -1;
      maps[d] = indices(n + before + pads[along.length + i], (j) => place(j - before));
    });
    return pick(x, maps, fill);
  }
  function concat(parts, axis) {
    const d = axisOf(axis, parts[0].dims.length), dims = parts[0].dims.slice();
    dims[d] = parts.reduce((n, p) => n + p.dims[d], 0);
    const out = like(parts[0], dims), outer = product(dims.slice(0, d)), inner = product(dims.slice(d + 1));
    for (let o = 0, to = 0; o < outer; o++) for (const p of parts) {
      const n = p.dims[d] * inner;
      out.data.set(p.data.subarray(o * n, (o + 1) * n), to);
      to += n;
    }
    return out;
  }
  function softmax(x, axis) {
    const d = axisOf(axis === undefined ? -1 : axis, x.dims.length), n = x.dims[d], inner = product(x.dims.slice(d + 1)), out = like(x, x.dims);
    for (let o = 0; o < x.data.length / n / inner; o++) for (let i = 0; i < inner; i++) {
      const at = o * n * inner + i;
      let most = -Infinity, sum = 0;
      for (let k = 0; k < n; k++) most = Math.max(most, x.data[at + k * inner]);
      for (let k = 0; k < n; k++) sum += out.data[at + k * inner] = Math.exp(x.data[at + k * inner] - most);
      for (let k = 0; k < n; k++) out.data[at + k * inner] /= sum;
    }
    return out;
  }
  function normalized(x, [scale, shift, mean, variance], at) {
    const out = like(x, x.dims), C = x.dims[1], inner = product(x.dims.slice(2)), eps = at.epsilon === undefined ? 1e-5 : at.epsilon;
    for (let i = 0; i < x.dims[0] * C; i++) {
      const c = i % C, gain = scale.data[c] / Math.sqrt(variance.data[c] + eps), offset = shift.data[c] - mean.data[c] * gain;
      for (let j = i * inner; j < (i + 1) * inner; j++) out.data[j] = x.data[j] * gain + offset;
    }
    return out;
  }
  function gemmNode(x, y, z, at) {
    const a = at.transA ? transpose(x) : x;
    const b = at.transB ? once("transposed", y.data, () => { const t = transpose(y); if (constant.has(y.data)) constant.add(t.data); return t; }) : y;
    let out = matmul(a, b);
    if (at.alpha !== undefined && at.alpha !== 1) out = mapped(out, (v) => v * at.alpha);
    if (!z) return out;
    return pairwise("Add", out, at.beta === undefined || at.beta === 1 ? z : mapped(z, (v) => v * at.beta));
  }
  /* A scale or zero point along one axis, or one for all. */
  const along = (x, y, axis) => y.dims.length === 0 || y.data.length === 1 ? y : tensor(x.dims.map((n, d) => d === axisOf(axis === undefined ? 1 : axis, x.dims.length) ? n : 1), y.data, y.whole);
  function even(v) { const r = Math.round(v); return Math.abs(v % 1) === 0.5 && r % 2 ? r - 1 : r; }
  const scalar = (input, other) => input ? input.data[0] : other;
  const list = (input) => input ? [...input.data] : undefined;

  const operations = {
    Constant: (_, at) => at.value || (at.value_ints ? wholes(at.value_ints) : at.value_int !== undefined ? tensor([], Float64Array.of(at.value_int), true)
      : at.value_floats ? tensor([at.value_floats.length], Float32Array.from(at.value_floats)) : tensor([], Float32Array.of(at.value_float))),
    ConstantOfShape([x], at) { const v = at.value || floats([1]), out = like(v, list(x)); out.data.fill(v.data[0]); return out; },
    Identity: ([x]) => x, Dropout: ([x]) => x,
    MatMul: ([x, y]) => matmul(x, y), Gemm: ([x, y, z], at) => gemmNode(x, y, z, at),
    Conv: ([x, w, b], at) => conv(x, w, b, at),
    MaxPool: ([x], at) => pool(x, at, false), AveragePool: ([x], at) => pool(x, at, true),
    GlobalAveragePool: ([x]) => reduce(x, [...all(x.dims.length)].slice(2), {}, 0, (a, b) => a + b, (s, n) => s / n),
    GlobalMaxPool: ([x]) => reduce(x, [...all(x.dims.length)].slice(2), {}, -Infinity, Math.max, (s) => s),
    BatchNormalization: ([x, ...rest], at) => normalized(x, rest, at),
    LSTM: (inputs, at) => recurrent(inputs, at, 4, lstmStep),
    GRU: (inputs, at) => recurrent(inputs, at, 3, gruStep(at.linear_before_reset)),
    Relu: ([x]) => mapped(x, (v) => v > 0 ? v : 0),
    LeakyRelu([x], at) { const slope = at.alpha === undefined ? 0.01 : at.alpha; return mapped(x, (v) => v < 0 ? slope * v : v); },
    Elu([x], at) { const a = at.alpha === undefined ? 1 : at.alpha; return mapped(x, (v) => v < 0 ? a * Math.expm1(v) : v); },
    Sigmoid: ([x]) => mapped(x, logistic), Tanh: ([x]) => mapped(x, Math.tanh), Exp: ([x]) => mapped(x, Math.exp),
    Log: ([x]) => mapped(x, Math.log), Sqrt: ([x]) => mapped(x, Math.sqrt), Abs: ([x]) => mapped(x, Math.abs), Neg: ([x]) => mapped(x, (v) => -v),
    Reciprocal: ([x]) => mapped(x, (v) => 1 / v), Not: ([x]) => mapped(x, (v) => v ? 0 : 1),
    HardSigmoid([x], at) { const a = at.alpha === undefined ? 0.2 : at.alpha, b = at.beta === undefined ? 0.5 : at.beta; return mapped(x, (v) => Math.min(1, Math.max(0, a * v + b))); },
    Clip([x, low, high]) { const a = scalar(low, -Infinity), b = scalar(high, Infinity); return mapped(x, (v) => v < a ? a : v > b ? b : v); },
    Where([q, x, y]) {
      const dims = broadcast(broadcast(q.dims, x.dims), y.dims), out = like(x.data instanceof Float64Array ? x : y, dims);
      each(dims, [q, x, y].map((v) => strides(v.dims, dims)), (i, f) => { out.data[i] = q.data[f[0]] ? x.data[f[1]] : y.data[f[2]]; });
      return out;
    },
    Cast([x], at) {
      if (at.to === 1) return tensor(x.dims, Float32Array.from(x.data));
      if (at.to === 11) return tensor(x.dims, Float64Array.from(x.data));
      return tensor(x.dims, Float64Array.from(x.data, at.to === 9 ? (v) => v ? 1 : 0 : Math.trunc), true);
    },
    Softmax: ([x], at) => softmax(x, at.axis),
    ReduceMean: ([x, a], at) => reduce(x, axesOf(a, at, x.dims.length), at, 0, (p, q) => p + q, (s, n) => s / n),
    ReduceSum: ([x, a], at) => reduce(x, axesOf(a, at, x.dims.length), at, 0, (p, q) => p + q, (s) => s),
    ReduceMax: ([x, a], at) => reduce(x, axesOf(a, at, x.dims.length), at, -Infinity, (p, q) => p > q ? p : q, (s) => s),
    ReduceMin: ([x, a], at) => reduce(x, axesOf(a, at, x.dims.length), at, Infinity, (p, q) => p < q ? p : q, (s) => s),
    Reshape: ([x, s]) => reshape(x, list(s)),
    Flatten([x], at) { const d = axisOf(at.axis === undefined ? 1 : at.axis, x.dims.length); return tensor([product(x.dims.slice(0, d)), product(x.dims.slice(d))], x.data, x.whole); },
    Transpose: ([x], at) => transpose(x, at.perm),
    Shape: ([x], at) => wholes(x.dims.slice(at.start || 0, at.end)),
    Unsqueeze([x, a]) {
      const rank = x.dims.length + a.data.length, added = new Set(list(a).map((d) => axisOf(d, rank))), rest = x.dims.slice();
      return tensor([...all(rank)].map((d) => added.has(d) ? 1 : rest.shift()), x.data, x.whole);
    },
    Squeeze([x, a]) {
      const gone = a ? new Set(list(a).map((d) => axisOf(d, x.dims.length))) : null;
      return tensor(x.dims.filter((n, d) => gone ? !gone.has(d) : n !== 1), x.data, x.whole);
    },
    Slice: ([x, s, e, a, p]) => slice(x, list(s), list(e), list(a), list(p)),
    Split([x, sizes], at, count) {
      const d = axisOf(at.axis || 0, x.dims.length), n = x.dims[d], one = Math.ceil(n / count);
      const parts = sizes ? list(sizes) : [...all(count)].map((i) => Math.min(one, n - i * one));
      let from = 0;
      return parts.map((size) => slice(x, [from], [from += size], [d]));
    },
    Concat: (parts, at) => concat(parts, at.axis),
    Gather([x, index], at) {
      const d = axisOf(at.axis || 0, x.dims.length), maps = x.dims.map(all);
      maps[d] = ids(list(index).map((i) => axisOf(i, x.dims[d])));
      return tensor([...x.dims.slice(0, d), ...index.dims, ...x.dims.slice(d + 1)], pick(x, maps).data, x.whole);
    },
    Expand([x, s]) {
      const dims = broadcast(x.dims, list(s)), rest = dims.length - x.dims.length, wide = tensor([...new Array(rest).fill(1), ...x.dims], x.data, x.whole);
      return pick(wide, dims.map((n, d) => wide.dims[d] === n ? all(n) : new Int32Array(n)));
    },
    Pad: ([x, p, fill, a], at) => pad(x, list(p), at.mode || "constant", scalar(fill, 0), list(a)),
    Range([a, b, s]) {
      const n = Math.max(0, Math.ceil((b.data[0] - a.data[0]) / s.data[0])), out = like(a, [n]);
      for (let i = 0; i < n; i++) out.data[i] = a.data[0] + i * s.data[0];
      return out;
    },
    QuantizeLinear([x, scale, zero], at) {
      const s = along(x, scale, at.axis), z = along(x, zero, at.axis), low = zero.low, q = pairwise("Div", x, s), dims = q.dims;
      const out = tensor(dims, new Float64Array(q.data.length), true), steps = strides(z.dims, dims);
      each(dims, [steps], (i, f) => { out.data[i] = Math.min(low + 255, Math.max(low, even(q.data[i]) + z.data[f[0]])); });
      return out;
    },
    DequantizeLinear([x, scale, zero], at) {
      const shifted = zero ? pairwise("Sub", x, along(x, zero, at.axis)) : x;
      return pairwise("Mul", tensor(x.dims, Float32Array.from(shifted.data)), along(x, scale, at.axis));
    },
  };
  for (const op of Object.keys(pairs)) operations[op] = (inputs) => inputs.reduce((a, b) => pairwise(op, a, b));

  /* ---- the graph ------------------------------------------------------------------------------- */

  const model = fields(bytes);
  if (!model[7]) throw new Error("this is not an ONNX file");
  const graph = fields(model[7][0]), nodes = (graph[1] || []).map(readNode), values = {};
  for (const part of graph[5] || []) {
    const f = fields(part), value = readTensor(part);
    if (f[2][0] === 2 || f[2][0] === 3) value.low = f[2][0] === 2 ? 0 : -128;  // the range of a zero point
    values[text(f[8][0])] = value;
  }
  for (const node of nodes) if (!operations[node.op]) throw new Error("the file needs the operation " + node.op + ", which this page does not know");
  const outputs = (graph[12] || []).map((part) => text(fields(part)[1][0]));
  const about = (model[14] || []).map(fields).filter((f) => text(f[1][0]) === "mgrlib").map((f) => JSON.parse(text(f[2][0])))[0];
  if (!about) throw new Error("the file was not written by mgrlib export");

  /* Results that do not depend on the waveform are computed once, when the file is opened. */
  const fixedNodes = new Set();
  nodes.forEach(function (node) {
    if (node.op !== "Shape" && node.inputs.every((name) => name === "" || name in values)) { compute(node, values); fixedNodes.add(node); }
  });
  for (const value of Object.values(values)) constant.add(value.data);
  const live = nodes.filter((node) => !fixedNodes.has(node));

  function compute(node, known) {
    const inputs = node.inputs.map((name) => name === "" ? undefined : known[name]);
    let results = operations[node.op](inputs, node.at, node.outputs.length);
    if (!Array.isArray(results)) results = [results];
    node.outputs.forEach((name, i) => { if (name) known[name] = results[i]; });
  }

  /* The tensors of these names for one waveform. */
  function run(waveform, names) {
    const known = Object.create(values), wanted = new Set(names), lastUse = {};
    live.forEach((node, i) => node.inputs.forEach((name) => { lastUse[name] = i; }));
    known.waveform = tensor([1, waveform.length], waveform);
    live.forEach(function (node, i) {
      compute(node, known);
      for (const name of node.inputs) if (lastUse[name] === i && !wanted.has(name) && Object.hasOwn(known, name)) delete known[name];
    });
    return names.map((name) => known[name]);
  }

  return {about: about, outputs: outputs, quick: quick, run: run};
};

if (typeof module !== "undefined") module.exports = mgrOnnx;
