// The service worker: the browser starts it when a push comes, whether a page is open or not.

// A new version takes over at once.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => event.waitUntil(take(event.data)));

// Shows a push. Browsers want to see a notification for each, also for one without payload.
async function take(data) {
  const notification = read(data);
  const { title, ...options } = notification;
  await self.registration.showNotification(title, options);
  await tellPages({ title, body: options.body, payload: data && data.arrayBuffer() });
}

// What a payload says: the JSON of Declarative Web Push (which some browsers show without asking the
// worker), or any text.
function read(data) {
  if (!data) return { title: "A push without payload" };
  let message;
  try {
    message = data.json();
  } catch {
    return { title: "Message", body: data.text() };
  }
  const notification = message?.notification ?? message;
  if (typeof notification?.title !== "string") return { title: "Message", body: data.text() };
  // What a click opens travels with the notification.
  return { ...notification, data: { navigate: notification.navigate, ...notification.data } };
}

async function tellPages(message) {
  for (const page of await self.clients.matchAll({ includeUncontrolled: true })) {
    page.postMessage(message);
  }
}

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data?.navigate ?? "./"));
});

async function open(address) {
  const url = new URL(address, self.registration.scope).href;
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = pages.find((it) => it.url === url);
  return page ? page.focus() : self.clients.openWindow(url);
}

// The push service has ended the subscription: a new one is made, and the server told of both.
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renew(event)));

async function renew({ oldSubscription, newSubscription }) {
  const key = (await (await fetch("key")).text()).trim();
  const subscription =
    newSubscription ??
    (await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
  await tell("POST", subscription);
  if (oldSubscription) await tell("DELETE", oldSubscription);
  await tellPages({ subscribed: true });
}

async function tell(method, subscription) {
  const answer = await fetch("subscriptions", {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(subscription),
  });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
}
