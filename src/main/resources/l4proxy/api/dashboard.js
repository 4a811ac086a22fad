// The dashboard's script. Whatever comes from the server is shown as text, never as markup: no
// innerHTML here. A key that was pasted stays in this tab's sessionStorage; a session's cookie is
// never seen by this script.

const REFRESH = 3000;
const STALE = 10000;
const PAGE = 50;
const SAMPLES = 40; // of REFRESH each: two minutes
const MOST_EVENTS = 100;
const KEY = "l4proxy.key";

const $ = (id) => document.getElementById(id);

class Refusal extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

// ---- the API

async function call(method, path, body) {
  const headers = {};
  const key = sessionStorage.getItem(KEY);
  if (key) headers.Authorization = "Bearer " + key;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, {
    method,
    headers,
    cache: "no-store",
    credentials: "same-origin",
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(10000),
  });
  if (answer.ok) return answer.status === 204 ? {} : answer.json();
  throw await refusal(answer);
}

async function refusal(answer) {
  const problem = await answer.json().catch(() => ({}));
  return new Refusal(answer.status, problem.detail || "status " + answer.status);
}

async function all(path, field) {
  const found = [];
  let token = "";
  do {
    const part = await call("GET", path + "?pageSize=1000&pageToken=" + encodeURIComponent(token));
    found.push(...part[field]);
    token = part.nextPageToken;
  } while (token && found.length < 20000);
  return found;
}

// ---- text

const UNITS = ["B", "KB", "MB", "GB", "TB"];

function bytes(count) {
  let unit = 0;
  while (count >= 1000 && unit < UNITS.length - 1) {
    count /= 1000;
    unit++;
  }
  return (unit === 0 || count >= 100 ? Math.round(count) : count.toFixed(1)) + " " + UNITS[unit];
}

const speed = (count) => bytes(count) + "/s";
const number = (count) => count.toLocaleString("en");

function since(time) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000));
  if (seconds < 60) return seconds + " s";
  if (seconds < 3600) return Math.floor(seconds / 60) + " min";
  if (seconds < 86400) return Math.floor(seconds / 3600) + " h " + Math.floor((seconds % 3600) / 60) + " min";
  return Math.floor(seconds / 86400) + " d";
}

// ---- small pieces

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function button(text, label, action, className) {
  const made = element("button", className, text);
  made.type = "button";
  made.setAttribute("aria-label", label);
  made.addEventListener("click", action);
  return made;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function problem(text) {
  $("problem").hidden = !text;
  setText($("problem"), text || "");
}

async function copy(text, where) {
  const before = where.textContent;
  try {
    await navigator.clipboard.writeText(text);
    where.textContent = "Copied";
  } catch {
    where.textContent = "Select and copy";
  }
  setTimeout(() => (where.textContent = before), 1500);
}

let answered = () => {};

function ask(title, text, yes) {
  setText($("ask-title"), title);
  setText($("ask-text"), text);
  setText($("ask-yes"), yes);
  $("ask").showModal();
  $("ask-no").focus();
  return new Promise((resolve) => (answered = resolve));
}

function answer(yes) {
  answered(yes);
  $("ask").close();
}

$("ask-yes").addEventListener("click", () => answer(true));
$("ask-no").addEventListener("click", () => answer(false));
// Escape; a close is told of later, when the next question may be open already
$("ask").addEventListener("close", () => $("ask").open || answered(false));

// ---- a table that is filtered, sorted and paged; rows are kept, so that the focus stays

class Table {
  constructor(id, columns, options) {
    this.id = id;
    this.columns = columns;
    this.key = options.key;
    this.words = options.words;
    this.one = options.one;
    this.sort = options.sort;
    this.down = Boolean(options.down);
    this.items = [];
    this.rows = new Map();
    this.page = 0;
    this.body = $(id).tBodies[0];
    this.heads();
    this.bar();
    $(id + "-filter").addEventListener("input", () => {
      this.page = 0;
      this.show();
    });
  }

  heads() {
    const row = $(this.id).tHead.rows[0];
    for (const column of this.columns) {
      const head = element("th", column.number ? "number" : "");
      head.scope = "col";
      head.setAttribute("role", "columnheader"); // said, since on a phone a table is not laid out as one
      if (column.value) {
        const sorter = element("button", "", column.title);
        sorter.type = "button";
        sorter.addEventListener("click", () => {
          this.down = this.sort === column ? !this.down : Boolean(column.number);
          this.sort = column;
          this.show();
        });
        head.append(sorter);
      } else {
        head.textContent = column.title;
      }
      column.head = head;
      row.append(head);
    }
    this.sort = this.columns.find((column) => column.title === this.sort);
  }

  bar() {
    this.back = button("‹ Back", "Back to the page before", () => this.turn(-1));
    this.forth = button("Next ›", "Next page", () => this.turn(1));
    this.where = element("span");
    $(this.id + "-pages").append(this.back, this.where, this.forth);
  }

  turn(by) {
    this.page += by;
    this.show();
  }

  set(items) {
    this.items = items;
    this.show();
  }

  chosen() {
    const words = $(this.id + "-filter").value.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.items.filter((item) => {
      const text = this.words(item).toLowerCase();
      return words.every((word) => text.includes(word));
    });
    const value = this.sort.value;
    const sign = this.down ? -1 : 1;
    const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    return found.sort((a, b) => sign * order(value(a), value(b)) || order(this.key(a), this.key(b)));
  }

  show() {
    for (const column of this.columns) {
      if (column === this.sort) column.head.setAttribute("aria-sort", this.down ? "descending" : "ascending");
      else column.head.removeAttribute("aria-sort");
    }
    const found = this.chosen();
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    this.page = Math.min(Math.max(0, this.page), pages - 1);
    const part = found.slice(this.page * PAGE, (this.page + 1) * PAGE);
    this.render(part);
    const some = found.length === this.items.length ? "" : number(found.length) + " of ";
    setText($(this.id + "-count"), some + number(this.items.length) + " " + this.one + (this.items.length === 1 ? "" : "s"));
    $(this.id + "-pages").hidden = pages === 1;
    setText(this.where, "Page " + (this.page + 1) + " of " + pages);
    this.back.disabled = this.page === 0;
    this.forth.disabled = this.page === pages - 1;
  }

  render(part) {
    const wanted = new Set(part.map((item) => String(this.key(item))));
    for (const [key, row] of this.rows) {
      if (!wanted.has(key)) {
        row.node.remove();
        this.rows.delete(key);
      }
    }
    let place = this.body.firstChild;
    for (const item of part) {
      const key = String(this.key(item));
      let row = this.rows.get(key);
      if (!row) {
        row = this.row();
        this.rows.set(key, row);
      }
      row.item = item;
      this.columns.forEach((column, i) => column.fill(row.cells[i], item, row));
      if (row.node === place) place = place.nextSibling;
      else this.body.insertBefore(row.node, place);
    }
  }

  row() {
    const node = element("tr");
    node.setAttribute("role", "row");
    const row = { node, item: undefined, cells: [] };
    for (const column of this.columns) {
      const cell = element("td", column.number ? "number" : "");
      cell.setAttribute("role", "cell");
      cell.dataset.label = column.title;
      if (column.make) column.make(cell, row);
      node.append(cell);
      row.cells.push(cell);
    }
    return row;
  }
}

const text = (title, value, more) => ({ title, value, fill: (cell, item) => setText(cell, String(value(item))), ...more });
const count = (title, value, shown) => ({
  title,
  value,
  number: true,
  fill: (cell, item) => setText(cell, shown(value(item))),
});

function action(title, className, label, run) {
  return {
    title: "",
    make(cell, row) {
      cell.append(button(title, title, () => run(row.item), className));
    },
    fill(cell, item) {
      cell.firstChild.setAttribute("aria-label", label(item));
    },
  };
}

// ---- services

const history = new Map();

function remember(services) {
  const now = new Set();
  for (const each of services) {
    now.add(each.name);
    const samples = history.get(each.name) || [];
    samples.push(each.speedIn + each.speedOut);
    if (samples.length > SAMPLES) samples.shift();
    history.set(each.name, samples);
  }
  for (const name of history.keys()) if (!now.has(name)) history.delete(name);
}

const SVG = "http://www.w3.org/2000/svg";

const spark = {
  title: "Last 2 min",
  make(cell) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 " + (SAMPLES - 1) + " 20");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("class", "spark");
    svg.setAttribute("role", "img");
    svg.append(document.createElementNS(SVG, "polyline"));
    cell.append(svg);
  },
  fill(cell, item) {
    const samples = history.get(item.name) || [];
    const most = Math.max(1, ...samples);
    const from = SAMPLES - samples.length;
    const points = samples.map((value, i) => from + i + "," + (19 - (18 * value) / most).toFixed(1));
    cell.firstChild.firstChild.setAttribute("points", points.join(" "));
    cell.firstChild.setAttribute("aria-label", "Speed of the last two minutes, at most " + speed(most === 1 ? 0 : most));
  },
};

const services = new Table(
  "services",
  [
    {
      title: "Service",
      value: (s) => s.displayName,
      make: (cell) => {
        const both = element("span");
        both.append(element("span", "name"), element("span", "id"));
        cell.append(both);
      },
      fill: (cell, s) => {
        setText(cell.firstChild.firstChild, s.displayName);
        setText(cell.firstChild.lastChild, s.name);
      },
    },
    {
      title: "State",
      value: (s) => s.state,
      make: (cell) => cell.append(element("span")),
      fill: (cell, s) => {
        setText(cell.firstChild, s.state);
        cell.firstChild.className = "state-" + s.state;
      },
    },
    {
      title: "Health",
      value: (s) => s.health,
      make: (cell) => cell.append(element("span")),
      fill: (cell, s) => {
        setText(cell.firstChild, s.health);
        cell.firstChild.className = "health-" + s.health;
      },
    },
    {
      title: "Public address",
      value: (s) => s.publicAddress,
      make: (cell, row) => {
        const copier = button("Copy", "Copy the address", () => copy(row.item.publicAddress, copier));
        const both = element("span");
        both.append(element("span", "value"), copier);
        cell.append(both);
      },
      fill: (cell, s) => {
        setText(cell.firstChild.firstChild, s.publicAddress);
        cell.firstChild.lastChild.setAttribute("aria-label", "Copy " + s.publicAddress);
      },
    },
    text("Backend", (s) => s.backend),
    {
      title: "Users",
      number: true,
      value: (s) => s.users,
      make: (cell, row) => cell.append(button("", "", () => openUsers(row.item))),
      fill: (cell, s) => {
        setText(cell.firstChild, number(s.users));
        cell.firstChild.setAttribute("aria-label", number(s.users) + " users of " + s.displayName + ", show them");
      },
    },
    count("In", (s) => s.speedIn, speed),
    count("Out", (s) => s.speedOut, speed),
    spark,
    text("Way", (s) => (s.direct ? "direct" : "relayed") + (s.sharePublicAddr ? ", shared" : "")),
    count("Round trip", (s) => s.rttMillis, (ms) => (ms < 0 ? "–" : ms.toFixed(1) + " ms")),
    text("Key", (s) => s.key),
    action("Close", "danger", (s) => "Close " + s.displayName + " at " + s.publicAddress, closeService),
  ],
  {
    key: (s) => s.name,
    words: (s) =>
      [s.displayName, s.name, s.publicAddress, s.backend, s.key, s.state, s.health, s.direct ? "direct" : "relayed", s.sharePublicAddr ? "shared" : ""].join(" "),
    one: "service",
    sort: "Service",
  },
);

async function closeService(service) {
  const sure = await ask(
    "Close " + service.displayName + "?",
    "Its " + number(service.users) + " users end, and its client does not expose " + service.publicAddress + " again until it is started anew.",
    "Close the service",
  );
  if (sure) await act(() => call("DELETE", "/v1/clients/" + encodeURIComponent(service.name)));
}

// ---- users of one service

let shownService = null;

const users = new Table(
  "users",
  [
    text("User", (u) => u.userAddr),
    count("In", (u) => u.speedIn, speed),
    count("Out", (u) => u.speedOut, speed),
    count("Bytes in", (u) => u.bytesIn, bytes),
    count("Bytes out", (u) => u.bytesOut, bytes),
    { title: "Since", value: (u) => Date.parse(u.connectedAt), fill: (cell, u) => setText(cell, since(u.connectedAt)) },
    action("Close", "danger", (u) => "Close the connection of " + u.userAddr, closeUser),
  ],
  { key: (u) => u.id, words: (u) => u.userAddr, one: "user", sort: "Since" },
);

async function openUsers(service) {
  shownService = service.name;
  setText($("users-title"), "Users of " + service.displayName + " at " + service.publicAddress);
  users.set([]);
  $("users-section").hidden = false;
  $("users-title").focus();
  await refreshAnew();
}

function hideUsers() {
  shownService = null;
  $("users-section").hidden = true;
}

$("users-hide").addEventListener("click", hideUsers);

async function closeUser(user) {
  const service = shownService;
  const sure = await ask("Close this user's connection?", "The connection of " + user.userAddr + " ends at once.", "Close the connection");
  if (sure) await act(() => call("DELETE", "/v1/clients/" + encodeURIComponent(service) + "/users/" + user.id));
}

async function refreshUsers() {
  const name = shownService;
  if (!name) return;
  try {
    const list = await all("/v1/clients/" + encodeURIComponent(name) + "/users", "users");
    if (shownService === name) users.set(list);
  } catch (e) {
    if (e.status !== 404) throw e;
    if (shownService === name) hideUsers();
  }
}

// ---- the server's own services

const own = new Table(
  "own",
  [
    text("Service", (s) => s.displayName),
    text("Kind", (s) => s.kind.replace("_", " ")),
    text("Public address", (s) => s.publicAddress),
    action("Close", "danger", (s) => "Close " + s.displayName + " at " + s.publicAddress, closeOwn),
  ],
  { key: (s) => s.name, words: (s) => [s.displayName, s.kind, s.publicAddress].join(" "), one: "service", sort: "Service" },
);

async function closeOwn(service) {
  const sure = await ask("Close " + service.displayName + "?", "Its users end, and " + service.publicAddress + " is closed.", "Close the service");
  if (sure) await act(() => call("DELETE", "/v1/services/" + encodeURIComponent(service.name)));
}

// ---- keys

const keys = new Table(
  "keys",
  [
    text("Name", (k) => k.name),
    text("Admin", (k) => (k.admin ? "yes" : "no")),
    text("Ports", (k) => k.ports || "all"),
    count("Services", (k) => k.maxServices, (n) => (n ? number(n) : "any")),
    count("Rate", (k) => k.limitRate, (n) => (n ? speed(n) : "any")),
    text("Made", (k) => k.createdAt),
    action("Revoke", "danger", (k) => "Revoke key " + k.name, revoke),
  ],
  { key: (k) => k.name, words: (k) => k.name, one: "key", sort: "Name" },
);

async function revoke(key) {
  const own = key.name === me.key ? " It is the key of this very session, which ends with it." : "";
  const last = key.admin && keys.items.filter((k) => k.admin).length === 1 ? " It is the last admin key: another can only be made on the server's machine, with the server stopped." : "";
  const sure = await ask("Revoke key " + key.name + "?", "Its clients, tunnels and users end within a second, for good." + own + last, "Revoke the key");
  if (sure) await act(() => call("DELETE", "/v1/keys/" + encodeURIComponent(key.name)));
}

$("create-key").addEventListener("submit", async (event) => {
  event.preventDefault();
  const wanted = { name: $("new-name").value.trim(), admin: $("new-admin").checked };
  if ($("new-ports").value.trim()) wanted.ports = $("new-ports").value.trim();
  if ($("new-services").value) wanted.maxServices = Number($("new-services").value);
  await act(async () => {
    const server = figures ?? (await call("GET", "/v1/server")); // before there is a secret that could be lost
    const made = await call("POST", "/v1/keys", wanted);
    $("create-key").reset();
    const port = server.controlPort === 2222 ? "" : ":" + server.controlPort;
    const host = server.host.includes(":") ? "[" + server.host + "]" : server.host || location.hostname;
    setText($("made-command"), "L4PROXY_JOIN=" + made.key + " l4proxy client --svr_addr " + host + port + " 127.0.0.1 22");
    $("made").showModal();
  });
});

$("made-copy").addEventListener("click", () => copy($("made-command").textContent, $("made-copy")));
$("made-close").addEventListener("click", () => $("made").close());
$("made").addEventListener("close", () => setText($("made-command"), ""));

// ---- the server's figures

let figures = null;

function entry(list, title) {
  for (const each of list.children) if (each.firstChild.textContent === title) return each;
  const made = element("div");
  made.append(element("dt", "", title), element("dd"));
  list.append(made);
  return made;
}

function card(title, value, used, most) {
  const made = entry($("cards"), title);
  setText(made.children[1], value);
  if (most > 0) {
    let meter = made.querySelector("meter");
    if (!meter) {
      meter = element("meter");
      const holder = element("dd");
      holder.append(meter);
      made.append(holder);
    }
    meter.max = most;
    meter.high = most * 0.8;
    meter.value = used;
    meter.setAttribute("aria-label", title + ", " + value);
  }
}

const of = (used, most) => number(used) + (most > 0 ? " of " + number(most) : "");

function counts(id, values) {
  for (const [name, value] of Object.entries(values)) setText(entry($(id), name).children[1], number(value));
}

function showFigures(now) {
  figures = now;
  const load = now.load;
  card("State", now.ready ? "takes users" : "draining");
  card("Users", of(load.users, now.limits.maxUsers), load.users, now.limits.maxUsers);
  card("Clients", number(load.clients));
  card("Services", number(load.services));
  card("Tunnels", number(load.tunnelsInUse) + " used, " + number(load.idleTunnels) + " idle");
  card("Handshakes", of(load.handshakes, 512), load.handshakes, 512);
  if (now.openFiles >= 0) card("Open files", of(now.openFiles, now.maxFiles), now.openFiles, now.maxFiles);
  card("Carried", bytes(load.bytesIn) + " in, " + bytes(load.bytesOut) + " out");
  card("Users per address", now.limits.maxUsersPerIp ? "at most " + number(now.limits.maxUsersPerIp) : "no bound");
  card("Users per service", now.limits.maxUsersPerService ? "at most " + number(now.limits.maxUsersPerService) : "no bound");
  card("New users per address", now.limits.userRatePerIp ? "at most " + number(now.limits.userRatePerIp) + "/s" : "no bound");
  counts("turned-away", { ...now.turnedAway, "strangers dropped": now.strangersDropped, "handshakes dropped": load.handshakesDropped });
  counts("ended", now.ended);
}

// ---- events, over fetch: an EventSource cannot send a key

const HEARS = $("no-events").textContent;
let stream = null;

async function listen() {
  if (stream || !me) return;
  const mine = new AbortController();
  stream = mine;
  const key = sessionStorage.getItem(KEY);
  try {
    const answer = await fetch("/v1/events", {
      headers: key ? { Authorization: "Bearer " + key } : {},
      cache: "no-store",
      credentials: "same-origin",
      signal: mine.signal,
    });
    if (!answer.ok) throw await refusal(answer);
    setText($("no-events"), HEARS);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      rest = blocks(rest + value);
    }
  } catch (e) {
    // the refresh below finds out what is wrong, and listens again
    setText($("no-events"), e.status === 503 ? "Nothing is heard. " + e.message : HEARS);
  }
  if (stream === mine) stream = null;
}

/** Shows the events that are there whole; returns the rest. */
function blocks(text) {
  const parts = text.split("\n\n");
  const rest = parts.pop();
  for (const part of parts) {
    const data = part.split("\n").find((line) => line.startsWith("data: "));
    if (data) happened(JSON.parse(data.slice(6)));
  }
  return rest.length > 65536 ? "" : rest;
}

function happened(event) {
  const item = element("li");
  const time = element("time", "", new Date(event.time).toLocaleTimeString());
  time.dateTime = event.time;
  item.append(time, document.createTextNode(event.text));
  $("events").prepend(item);
  while ($("events").childElementCount > MOST_EVENTS) $("events").lastChild.remove();
  $("no-events").hidden = true;
  soon();
}

// ---- staying up to date

let me = null;
let fresh = 0;
let refreshing = null;
let early = 0;

/** An event is a reason to look again, at most once in half a second. */
function soon() {
  if (!early) {
    early = setTimeout(() => {
      early = 0;
      refresh();
    }, 500);
  }
}

function refresh() {
  refreshing ||= refreshAll().finally(() => (refreshing = null));
  return refreshing;
}

/** The same, and what is asked is asked from now on. */
async function refreshAnew() {
  await refreshing;
  await refresh();
}

async function refreshAll() {
  const asker = me;
  if (!asker) return;
  // what somebody asked for who has logged out is shown to nobody
  const still = (answer) => {
    if (me !== asker) throw new Refusal(0, "Somebody else is logged in.");
    return answer;
  };
  try {
    const list = still(await all("/v1/clients", "clients"));
    remember(list);
    services.set(list);
    still(await refreshUsers());
    if (asker.admin) {
      showFigures(still(await call("GET", "/v1/server")));
      own.set(still(await all("/v1/services", "services")));
      $("own-section").hidden = own.items.length === 0;
      keys.set(still(await all("/v1/keys", "keys")));
    }
    fresh = Date.now();
    showState();
    listen();
  } catch (e) {
    if (me !== asker) return;
    if (e.status === 401) loggedOut("The session is over: log in again.");
    else showState();
  }
}

function showState() {
  const stale = Boolean(me) && Date.now() - fresh > STALE;
  const state = me ? (stale ? "stale" : "on") : "off";
  $("live").dataset.state = state;
  const old = "connection lost, as of " + new Date(fresh).toLocaleTimeString();
  setText($("live"), me ? (stale ? old : "live") : "not logged in");
  $("content").classList.toggle("stale", stale);
}

/** After something was asked of the server: says what went wrong, and looks again. */
async function act(what) {
  problem("");
  try {
    await what();
  } catch (e) {
    problem(e instanceof Refusal ? e.message : "The server does not answer; try again.");
  }
  await refreshAnew();
}

// ---- logging in and out

async function loggedIn() {
  me = await call("GET", "/v1/session");
  setText($("version"), me.version);
  setText($("key-name"), (me.admin ? "admin key " : "key ") + me.key);
  $("who").hidden = false;
  $("login").hidden = true;
  $("figures").hidden = !me.admin;
  $("keys-section").hidden = !me.admin;
  $("own-section").hidden = true;
  problem("");
  await refreshAnew();
  $("content").hidden = !me;
}

function loggedOut(why) {
  sessionStorage.removeItem(KEY);
  me = null;
  if (stream) stream.abort();
  hideUsers();
  services.set([]);
  own.set([]);
  keys.set([]);
  $("events").replaceChildren();
  $("who").hidden = true;
  $("content").hidden = true;
  $("login").hidden = false;
  problem(why);
  showState();
  $("key").focus();
}

$("log-out").addEventListener("click", async () => {
  if (!sessionStorage.getItem(KEY)) await call("DELETE", "/v1/session").catch(() => {});
  loggedOut("");
});

$("login-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const pasted = $("key").value.trim();
  $("key").value = "";
  if (!/^l4p1_[A-Za-z0-9_-]{86}$/.test(pasted)) {
    problem("This is no key: a key reads l4p1_ and 86 letters, digits, - or _.");
    return;
  }
  sessionStorage.setItem(KEY, pasted);
  try {
    await loggedIn();
  } catch (e) {
    loggedOut(e instanceof Refusal ? e.message : "The server does not answer; try again.");
  }
});

async function start() {
  const code = /^#code=([A-Za-z0-9_-]{22})$/.exec(location.hash);
  if (code) {
    window.history.replaceState(null, "", location.pathname);
    try {
      sessionStorage.removeItem(KEY);
      await call("POST", "/v1/session", { code: code[1] });
    } catch (e) {
      loggedOut(e instanceof Refusal ? e.message : "The server does not answer; reload the page.");
      return;
    }
  }
  try {
    await loggedIn();
  } catch (e) {
    loggedOut(e.status === 401 && !sessionStorage.getItem(KEY) ? "" : e.message);
  }
}

window.addEventListener("hashchange", start);
setInterval(() => {
  if (document.visibilityState === "visible") refresh();
  showState();
}, REFRESH);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && refresh());
start();
