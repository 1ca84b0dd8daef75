// The page: subscribes and unsubscribes this browser, asks the server to send, and shows what arrives.
// The service worker (worker.js) takes the pushes, whether a page is open or not.

const subscribeButton = document.querySelector("#subscribe");
const unsubscribeButton = document.querySelector("#unsubscribe");
const state = document.querySelector("#state");

function show(text, is = "off") {
  state.textContent = text;
  state.dataset.is = is;
}

// Firefox loses what its push service is asked in the first second after it has started: so what is not
// answered within three seconds is asked again.
async function patiently(ask) {
  const late = Symbol("late");
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const pause = new Promise((resolve) => setTimeout(resolve, 3000, late));
    const answer = await Promise.race([ask(), pause]);
    if (answer !== late) return answer;
  }
  throw new Error("the browser's push service does not answer");
}

function subscriptionOf(worker) {
  return patiently(() => worker.pushManager.getSubscription());
}

// Lets the server know whom it can push to. As JSON a subscription has `endpoint`, `expirationTime`
// and `keys`, which is what `anypush::web::Subscription` reads.
async function tellServer(method, subscription) {
  const answer = await fetch("subscriptions", {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(subscription),
  });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}: ${await answer.text()}`);
}

// The server's public VAPID key, in base64url. Only who has the private one can push to what is
// subscribed with it.
async function serverKey() {
  const answer = await fetch("key");
  if (!answer.ok) throw new Error(`the server has no key: ${answer.status}`);
  return (await answer.text()).trim();
}

function base64url(buffer) {
  const text = btoa(String.fromCharCode(...new Uint8Array(buffer)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

async function subscribe(worker) {
  if ((await Notification.requestPermission()) !== "granted") throw new Error("Notifications were not allowed");
  const key = await serverKey();
  const before = await subscriptionOf(worker);
  // A subscription belongs to one key for good. With another key a new one has to be made.
  if (before && base64url(before.options.applicationServerKey) !== key) await before.unsubscribe();
  // Every push shows something: browsers ask for this promise.
  const options = { userVisibleOnly: true, applicationServerKey: key };
  await tellServer("POST", await patiently(() => worker.pushManager.subscribe(options)));
}

async function unsubscribe(worker) {
  const subscription = await subscriptionOf(worker);
  if (!subscription) return;
  await subscription.unsubscribe();
  // Were this lost, the push service would tell at the next push: verdict `remove-token`.
  await tellServer("DELETE", subscription);
}

async function showState(worker) {
  const subscription = await subscriptionOf(worker);
  subscribeButton.disabled = Boolean(subscription);
  unsubscribeButton.disabled = !subscription;
  if (subscription) {
    // The path is a secret: who knows it can push.
    show(`Subscribed at ${new URL(subscription.endpoint).host}`, "on");
  } else if (Notification.permission === "denied") {
    subscribeButton.disabled = true;
    show("Notifications are blocked for this page: allow them in the browser's settings", "bad");
  } else {
    show("Not subscribed");
  }
}

// Runs what a button stands for, and shows what came of it.
async function act(worker, action) {
  subscribeButton.disabled = unsubscribeButton.disabled = true;
  try {
    await action(worker);
    await showState(worker);
  } catch (error) {
    await showState(worker).catch(() => {});
    show(String(error.message ?? error), "bad");
  }
}

// What the worker tells of a push.
function arrived({ title, body }) {
  const time = document.createElement("time");
  time.textContent = new Date().toLocaleTimeString();
  const text = document.createElement("span");
  text.textContent = body ? `${title}: ${body}` : title;
  const line = document.createElement("li");
  line.append(time, text);
  document.querySelector("#arrived").prepend(line);
}

async function send(event) {
  event.preventDefault();
  const line = document.querySelector("#answer");
  try {
    const answer = await fetch("send", { method: "POST", body: new FormData(event.target).get("text") });
    line.textContent = (await answer.text()).trim();
  } catch (error) {
    line.textContent = String(error);
  }
}

async function start() {
  document.querySelector("#message").addEventListener("submit", send);
  if (!("serviceWorker" in navigator) || !("PushManager" in window)) {
    // Also where the page is neither https: nor on localhost.
    show("This browser has no Web Push here", "bad");
    return;
  }
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    if (data.subscribed) showState(worker);
    else arrived(data);
  });
  await navigator.serviceWorker.register("worker.js");
  const worker = await navigator.serviceWorker.ready;
  subscribeButton.addEventListener("click", () => act(worker, subscribe));
  unsubscribeButton.addEventListener("click", () => act(worker, unsubscribe));
  await showState(worker);
  // A server that was started anew has forgotten this browser.
  const subscription = await subscriptionOf(worker);
  if (subscription) await tellServer("POST", subscription);

  if (new URLSearchParams(location.search).has("auto")) await testMyself(worker);
}

// `?auto`, for tests, where nobody moves the mouse: subscribes, and tells the server what arrives.
async function testMyself(worker) {
  navigator.serviceWorker.addEventListener("message", ({ data }) => {
    const payload = data.payload && base64url(data.payload);
    fetch("arrived", { method: "POST", body: JSON.stringify({ ...data, payload }) });
  });
  await act(worker, subscribe);
}

start().catch((error) => show(String(error.message ?? error), "bad"));
