// The demo's page: clients of both kinds side by side, and a button for each thing a server can do.

const clients = document.querySelector("#clients");
const openForm = document.querySelector("#open");
const live = document.querySelector("#live");
const nodePanel = document.querySelector("#node");
const broadcastForm = document.querySelector("#broadcast");

// A browser opens six HTTP/1.1 connections to a server. Streams keep theirs; requests need one too.
const MOST_STREAMS = 5;

const REVOKE = {
  session: ["/sessions/", "close_sockets_for_session(token_hash)"],
  token: ["/tokens/", "close_sockets_for_token(api_token_id)"],
  account: ["/accounts/", "close_sockets_for_account(account_id)"],
};

let accounts = [];

// One client in its pane. It shows what a script in a browser gets to know, and nothing else.
class Client {
  constructor(credential, kind) {
    const { account, label } = credential;
    this.credential = credential;
    this.pane = copyOf("client");
    this.pane.dataset.client = `${credential.name} ${kind}`;
    this.pane.dataset.account = account.name;
    this.pane.ariaLabel = `${account.label}, ${label}, ${kind}`;
    this.part(".avatar").textContent = account.label[0];
    this.part("h3").textContent = account.label;
    this.part(".who p").textContent = label;
    this.part(".kind").textContent = kind === "sse" ? "SSE" : "WebSocket";
    this.part(".remove").ariaLabel = `Remove ${this.pane.ariaLabel}`;
    this.part(".remove").onclick = () => this.remove();
    this.part(".again").onclick = () => this.connect();
    clients.append(this.pane);
    this.connect();
  }

  part(selector) {
    return this.pane.querySelector(selector);
  }

  show(state, code, reason, detail = "") {
    this.pane.dataset.state = state;
    this.part(".code").textContent = code;
    this.part(".reason").textContent = reason;
    this.part(".detail").textContent = detail;
  }

  receive(data) {
    const { text, audience } = JSON.parse(data).params;
    const row = copyOf("message");
    row.querySelector(".text").textContent = text;
    row.querySelector(".audience").textContent = audience;
    this.part(".messages").append(row);
    row.parentElement.scrollTop = row.offsetTop;
  }

  remove() {
    this.connection.close();
    this.pane.remove();
    showStreamsLeft();
  }
}

class SocketClient extends Client {
  connect() {
    this.show("connecting", "", "Connecting");
    const socket = (this.connection = new WebSocket(urlOf("websocket", this.credential)));
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.show("open", "", "Open");
    };
    socket.onmessage = ({ data }) => this.receive(data);
    socket.onclose = ({ code, reason }) => {
      if (opened) this.show("closed", code, reason);
      else this.show("closed", code, "Refused", "The handshake failed; a script can't see why.");
    };
  }
}

// A stream has no close codes, so the transport sends a last event with code and reason. An
// EventSource reconnects after every end. After a final close the answer is 204, and it stops.
class StreamClient extends Client {
  connect() {
    this.show("connecting", "", "Connecting");
    const source = (this.connection = new EventSource(urlOf("sse", this.credential)));
    let close = null;
    source.onopen = () => {
      this.show("open", "", "Open", close ? `Closed with ${close.code}, and reconnected` : "");
      close = null;
    };
    source.onmessage = ({ data }) => this.receive(data);
    source.addEventListener("close", ({ data }) => {
      close = JSON.parse(data);
      this.show("closing", close.code, close.reason, "EventSource will reconnect");
    });
    source.onerror = () => {
      const { code, reason } = close ?? { code: "", reason: "Refused" };
      if (source.readyState === EventSource.CLOSED) {
        this.show("closed", code, reason, close ? "Reconnected once, and the answer was 204" : "");
      } else if (!close) {
        this.show("connecting", "", "Lost, reconnecting");
      }
    };
  }
}

function openClient(name, kind) {
  const credential = credentials().find((each) => each.name === name);
  kind === "sse" ? new StreamClient(credential, kind) : new SocketClient(credential, kind);
  showStreamsLeft();
}

function showStreamsLeft() {
  const streams = clients.querySelectorAll("[data-client$=' sse']").length;
  const button = openForm.querySelector("[value=sse]");
  button.disabled = streams >= MOST_STREAMS;
  button.title = button.disabled ? "A browser opens six connections at most to a server" : "";
}

function urlOf(path, credential) {
  return `${path}?secret=${encodeURIComponent(credential.secret)}`;
}

// What the server is asked to do, and what it holds

async function act(method, path, call, body) {
  const answer = await fetch(path, { method, body: body && JSON.stringify(body) });
  const row = copyOf("log");
  row.querySelector("time").textContent = new Date().toLocaleTimeString("en-GB");
  row.querySelector("code").textContent = call;
  const { connections, outcome, detail } = await answer.json();
  row.querySelector(".count").textContent = outcome ?? counted(connections);
  row.title = detail ?? "";
  document.querySelector("#log").prepend(row);
  await refresh();
}

async function refresh() {
  const state = await (await fetch("state")).json();
  accounts = state.accounts;
  accounts.forEach(showAccount);
  if (state.node) showNode(state.node);
  live.textContent = counted(credentials().reduce((sum, each) => sum + each.connected, 0));
  return state;
}

// A running lease: its age grows between heartbeats, and up to the end if none is read back.
function showNode({ name, state, age, lease, nodes, other }) {
  const recovered = nodePanel.dataset.state === "fenced" && state === "following";
  nodePanel.hidden = false;
  nodePanel.dataset.state = state;
  nodePanel.querySelector(".name").textContent = `${name} of ${nodes}`;
  nodePanel.querySelector(".state").textContent = state.replace("_", " ");
  nodePanel.querySelector("meter").max = lease;
  nodePanel.querySelector("meter").value = age ?? lease;
  const shown = age === null ? "not joined" : `${age.toFixed(1)} s of ${lease} s`;
  nodePanel.querySelector(".age").textContent = shown;
  nodePanel.querySelector("a").href = other;
  if (recovered) retryWhoWasCutOff();
}

// An app's clients would reconnect at random times; these wait for the node.
function retryWhoWasCutOff() {
  for (const pane of clients.querySelectorAll("[data-state=closed]")) {
    if (pane.querySelector(".code").textContent !== "4001") pane.querySelector(".again").click();
  }
}

function counted(connections) {
  return connections === 1 ? "1 connection" : `${connections} connections`;
}

async function start() {
  const state = await refresh();
  document.querySelector("#credential").replaceChildren(...accounts.map(optionsOf));
  for (const { credential, kind } of state.clients) openClient(credential, kind);
}

async function startOver() {
  for (const pane of [...clients.children]) pane.querySelector(".remove").click();
  await fetch("start-over", { method: "POST" });
  document.querySelector("#log").replaceChildren();
  await start();
}

function credentials() {
  return accounts.flatMap((account) => account.credentials.map((each) => ({ ...each, account })));
}

function showAccount(account) {
  const owner = rowOf("account", account, account.label);
  owner.querySelector(".label").textContent = account.label;
  owner.querySelector(".avatar").textContent = account.label[0];
  owner.querySelector("button").disabled = !account.credentials.some((each) => each.valid);
  for (const credential of account.credentials) {
    const row = rowOf(credential.kind, credential, `${account.label}, ${credential.label}`);
    row.dataset.valid = credential.valid;
    row.querySelector(".label").textContent = credential.label;
    const count = credential.valid ? `${credential.connected} open` : "revoked";
    row.querySelector(".count").textContent = count;
    row.querySelector("button").disabled = !credential.valid;
  }
}

function rowOf(kind, { name }, label) {
  const known = document.querySelector(`[data-revoke="${name}"]`);
  if (known) return known;
  const row = copyOf(kind === "account" ? "account" : "credential");
  const [path, call] = REVOKE[kind];
  row.dataset.revoke = name;
  row.querySelector("button").ariaLabel = `Revoke ${label}`;
  row.querySelector("button").onclick = () => act("DELETE", path + name, call);
  document.querySelector("#accounts").append(row);
  return row;
}

function optionsOf(account) {
  const group = document.createElement("optgroup");
  group.label = account.label;
  for (const { name, label } of account.credentials) {
    group.append(new Option(`${account.label}, ${label}`, name));
  }
  return group;
}

function copyOf(template) {
  return document.querySelector(`#${template}-template`).content.firstElementChild.cloneNode(true);
}

broadcastForm.onsubmit = (event) => {
  event.preventDefault();
  const { value, dataset } = event.submitter;
  act("POST", value, dataset.call, { text: broadcastForm.elements.text.value });
};

openForm.onsubmit = (event) => {
  event.preventDefault();
  openClient(openForm.elements.credential.value, event.submitter.value);
};

document.querySelector("#start-over").onclick = startOver;

await start();

// Connections come and go in other tabs too, and the server may stop.
async function keepFresh() {
  await refresh().catch(() => (live.textContent = "The server has stopped"));
  setTimeout(keepFresh, nodePanel.hidden ? 1000 : 200);
}

setTimeout(keepFresh, 1000);
